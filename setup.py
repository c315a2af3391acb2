# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import shutil

import setuptools

HERE = pathlib.Path(__file__).resolve().parent

# pbr reads the version from a git tag, or from the metadata of an sdist. An
# archive of the repository has neither.
in_git = (HERE / '.git').exists() and shutil.which('git')
if not in_git and not (HERE / 'PKG-INFO').exists():
    os.environ.setdefault('PBR_VERSION', '0.1.0.dev0')

setuptools.setup(setup_requires=['pbr>=6.1.1'], pbr=True)
