# SPDX-License-Identifier: Apache-2.0
"""Traits of hardware, named in the style of os-traits.

They are derived from what the inventory has: ``HW_CPU_X86_AVX512F``,
``CUSTOM_GPU_NVIDIA_A100``. Those that os-traits does not define begin with
``CUSTOM_``, which placement and Ironic accept.
"""

import re
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

from valence.common.types import JsonObject

_MAX_LENGTH = 255
_JUNK = re.compile(r'[^A-Z0-9]+')
# Trade marks, and what follows the name of a processor.
_REST = re.compile(r'\((?:r|tm|c)\)|\b(?:cpu|processor)\b|@.*', re.IGNORECASE)
_ARCHITECTURES = {
    'x86-64': 'HW_ARCH_X86_64',
    'arm-a64': 'HW_ARCH_AARCH64',
    'x86': 'HW_ARCH_I686',
}
# Extensions of the x86 instruction set that os-traits defines.
_X86 = frozenset(
    (
        *('MMX', 'SSE', 'SSE2', 'SSE3', 'SSSE3', 'SSE41', 'SSE42', 'SSE4A'),
        *('AVX', 'AVX2', 'F16C', 'FMA3', 'FMA4', 'AESNI', 'SHA', 'CLMUL'),
        *('BMI', 'BMI2', 'ABM', 'XOP', 'TBM', 'TSX', 'MPX', 'SGX', 'VMX'),
        *('SVM', 'AVX512F', 'AVX512CD', 'AVX512PF', 'AVX512ER', 'AVX512VL'),
        *('AVX512BW', 'AVX512DQ', 'AVX512VBMI', 'AVX512IFMA', 'AVX512VNNI'),
        *('AVX512VBMI2', 'AVX512BITALG', 'AVX512VAES', 'AVX512GFNI'),
        *('AVX512VPCLMULQDQ', 'AVX512VPOPCNTDQ'),
    )
)


def custom(*words: str | None) -> str:
    """The name of a trait that os-traits does not define."""
    text = '_'.join(filter(None, words)).upper()
    return f'CUSTOM_{_JUNK.sub("_", text).strip("_")}'[:_MAX_LENGTH]


def of_system(system: Any) -> frozenset[str]:
    """The traits of a system and its local parts.

    :param system: a row, or what has the columns of its shape.
    """
    return frozenset(
        (
            *(system.tags or ()),
            *(system.inherited_tags or ()),
            *_of_processors(system),
            *_of_memory(system),
            *(custom('TPM', one) for one in (_tpm(system.tpm),) if one),
            *(trait for one in system.drives for trait in of_part(None, one)),
            *(
                trait
                for one in system.accelerators or ()
                for trait in of_part(one.get('type'), one)
            ),
        )
    )


def of_device(device: Any) -> frozenset[str]:
    """The traits of a pooled device."""
    part = {
        'manufacturer': device.manufacturer,
        'model': device.model,
        'type': device.media_type,
    }
    tags = *(device.tags or ()), *(device.inherited_tags or ())
    return frozenset((*tags, *of_part(device.type, part)))


def of_part(kind: str | None, part: JsonObject) -> Iterator[str]:
    """The traits of a part: ``CUSTOM_GPU``, ``CUSTOM_GPU_NVIDIA_A100``.

    :param kind: its type; None: it is a local drive.
    """
    if kind is not None:
        yield custom(kind)
    if part.get('type') and part.get('type') != kind:
        # SSD or HDD.
        yield custom(part['type'])
    if part.get('model'):
        yield custom(kind or 'drive', *_named(part))


def missing(
    required: Iterable[str], present: frozenset[str] | set[str]
) -> list[str]:
    """Those of some traits that are not present."""
    return [one for one in required if one not in present]


def _of_processors(system: Any) -> Iterator[str]:
    for cpu in system.processors or ():
        sets = str(cpu.get('instruction_set')).lower()
        if sets in _ARCHITECTURES:
            yield _ARCHITECTURES[sets]
        if cpu.get('model'):
            yield custom('cpu', *_named(cpu))
        for extension in cpu.get('capabilities') or ():
            name = _JUNK.sub('', str(extension).upper())
            if sets.startswith('x86') and name in _X86:
                yield f'HW_CPU_X86_{name}'
            elif name:
                yield custom('cpu', name)
    if not system.processors:
        sets = str(system.cpu_architecture).lower()
        if sets in _ARCHITECTURES:
            yield _ARCHITECTURES[sets]


def _of_memory(system: Any) -> Iterator[str]:
    modules = system.memory_modules or ()
    kinds = {one.get('type') for one in modules} or {system.memory_type}
    for kind in filter(None, kinds):
        yield custom('memory', kind)


def _tpm(kind: str | None) -> str | None:
    return kind and kind.upper().removeprefix('TPM')


def _named(part: JsonObject) -> list[str | None]:
    """The first word of the manufacturer, and the model without it."""
    model = _REST.sub(' ', str(part['model'])).strip()
    words = _REST.sub(' ', part.get('manufacturer') or '').split()
    maker = words[0] if words else None
    if maker and model.lower().startswith(maker.lower()):
        maker = None
    return [maker, model]
