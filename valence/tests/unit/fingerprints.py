# SPDX-License-Identifier: Apache-2.0
"""The fingerprints of the versioned objects, by VERSION.

A change of an object's fields needs a new VERSION and a new entry. Entries are
never changed: a test compares them with those in the git history.
"""

BY_VERSION = {
    'Allocation': {
        '1.0': '0e4bb15a159fd8b2ff5f4ebdaf7fa0b7',
        '1.1': '23b88ec28ca26fc7e18bfaa1c2f07ce4',
    },
    'Capacity': {
        '1.0': 'e5cbe5ebf00d45c01b9ffff2557c9c3b',
        '1.1': '6c025e921d930b790491e6e045f36801',
    },
    'CapacitySample': {
        '1.0': 'f7debeb90394a8f43ea148a3d6e29f6f',
    },
    'Chassis': {
        '1.0': '5683e77652dcf5ca11991a9a29081435',
        '1.1': '4f5dbc4de43e593ed1d30cfde98bd532',
        '1.2': 'e45b4cdbb5f8a58f87e5e9afd652cef2',
    },
    'Condition': {'1.0': '61889ff81ba33906132c3e71b32f7890'},
    'ConditionLock': {'1.0': 'd809d267f4697a724afcca609dd45216'},
    'Conductor': {'1.0': 'b41c8e563e9f04a5b336decb2dba5fa0'},
    'Count': {
        '1.0': 'e3c3f28e114c407e3d56ca602f04521e',
        '1.1': '369665b3f01948ad97e73e7aad969964',
    },
    'Device': {
        '1.0': 'ff4fd31deb8ecd985237a55e8a115e9e',
        '1.1': 'fbb4b08b14f2f6443ffbf4531aec0faf',
        '1.2': '10be6c2c08252a4779e8e2a00c354839',
        '1.3': 'd9580d3f2cda38a692b08a6bcb648987',
        '1.4': '8487fc7bf51fae8240fe013083762a05',
        '1.5': '26921ec7f3c914fd9da76ce7a773bae4',
        '1.6': 'da7d0644b32d62bf246d7a25e4629f82',
    },
    'Event': {
        '1.0': 'b58eea19343c9626e4aeb29c1cd19ca7',
        '1.1': 'd8fc8df7b61182cd1e5e0cf1df6febf7',
        '1.2': '1a390c7326c84274ba3adf5e15856c2d',
    },
    'EventQueue': {'1.0': '396b5e26d3948ccb0c41b446de6a1f40'},
    'ExpectedPart': {'1.0': 'bff7d72707fbcc01fac49015fdb0e483'},
    'Finding': {
        '1.0': '9a538604db1040dd4c6a8ae5a23a6d4a',
        '1.1': '4cdcfb6a942d2788a8289894dd6b41e8',
        '1.2': 'e7579a45b75e98a5a892064babde3c4d',
        '1.3': '2d4f34e40a63c9d1a6fa0a68199482b5',
        '1.4': 'c801b29a05758f0560f5b03c4dae8707',
    },
    'Flavor': {
        '1.0': '024d39ed0bdcbcbc0c3e0c2f1354b711',
        '1.1': '82c16344e3026800f9b95ba631b2a2ab',
        '1.2': '5edd68b057012378489ba934746bb53d',
    },
    'History': {'1.0': '9be26580ee4370700f61a9f7782c6c24'},
    'Hold': {
        '1.0': '7424c8cab21d2c435813a6c3d518208f',
        '1.1': '529c93fe1c9a3411e21f592cdf9a3cfd',
    },
    'Installation': {'1.0': '823928e1723521fe3f36a240db5eef8a'},
    'MacAddress': {'1.0': '9fca70629c1bcc96b8b40f3c76eb36f1'},
    'Node': {
        '1.0': '342d823ecff112f153d51691ee2f527d',
        '1.1': '105f18a3be4b94f5535f7603c937cf42',
        '1.2': 'b18b4558171732b14dce527b4bbb30c3',
        '1.3': 'cad9ac892688de5683a863a6b23edf02',
        '1.4': '32809864bdae7fe3dc2d21f2a2ac1c1d',
        '1.5': 'fe06e2165a200397f02d91a106401427',
        '1.6': '363e91eec459833b21cfeebdb972e4a7',
    },
    'Operation': {
        '1.0': '531fb024e55f175164c9ac30816f7086',
        '1.1': '89f197ec2e0dbe5474a8b6d598a38a9f',
        '1.2': '13d45429eea59f891aa6da0aa06ef8fe',
    },
    'OperationStep': {'1.0': '41a1ccfaa33536757c711e0fdf6785de'},
    'PendingRefresh': {'1.0': '30649632480f2448d3d6a51be1947224'},
    'PodManager': {
        '1.0': '1952bd1fa5cd7702ec2e8c6dc92f4221',
        '1.1': '2cfb446f231c3e48b6bf471dc9de5b93',
        '1.2': 'd0e94aa00a1a607f9eee951e03eb5989',
        '1.3': '0a5a8381748825070d1d52f756b1a25c',
        '1.4': 'ec0f126ecd05c90187270001976894c5',
        '1.5': '924cb27a9e0b70d08c21015602f25698',
    },
    'PodManagerAccess': {'1.0': 'c9a062d4311915578401c202b591a6a4'},
    'Pool': {
        '1.0': '77e12abc66316f99a6effc70fdb1870b',
        '1.1': '428f8edb0a59cda916756cbead8ca2f3',
    },
    'ProjectUsage': {'1.0': '9cc00bb0f5a1505e32c7229696dab510'},
    'Reservation': {'1.0': '68f7bd6ca1b26dd6feca679aadde29b6'},
    'Shape': {'1.0': '59f0017af3a8e62778b0c600b0bf1266'},
    'Share': {
        '1.0': '6a4dc953eac87ac208df6925cb31c3ac',
        '1.1': 'f9fbe971cbf3f4afeda244ac416da381',
    },
    'Storage': {'1.0': '95278a424197f2252e52823d3e64fe2e'},
    'System': {
        '1.0': 'bf8cadf59893268e231d535ddd6d696e',
        '1.1': '9527dc4f4c6301b55d28339485e437e1',
        '1.2': 'dc02820fdf65bc0009fd18acaa737878',
        '1.3': '457f72c9dde5a2c593e8cfc658dff823',
        '1.4': '392a8f49f182e39c4b2e0d0245106170',
        '1.5': '7aefaca6afc5f5f2a5f9b5ddef5e8861',
        '1.6': 'c8f8b8bbe138ce63207daa437e859dc2',
    },
    'UsageSpan': {
        '1.0': 'ad39d8ee9700ce980e78f6b510346582',
        '1.1': 'f8c32fe599c30519f4300b2448d46583',
    },
}
