"""What nodes show, and saving of files."""

from compat.v3 import outputs
from compat.v3.saving import AudioSaveHelper as AudioSaveHelper
from compat.v3.saving import ImageSaveHelper as ImageSaveHelper
from compat.v3.saving import SavedAudios as SavedAudios
from compat.v3.saving import SavedImages as SavedImages
from compat.v3.saving import SavedResult as SavedResult
from compat.v3.shown import PreviewAudio as PreviewAudio
from compat.v3.shown import PreviewImage as PreviewImage
from compat.v3.shown import PreviewMask as PreviewMask
from compat.v3.shown import PreviewText as PreviewText
from compat.v3.shown import PreviewUI3D as PreviewUI3D
from compat.v3.shown import PreviewUI3DAdvanced as PreviewUI3DAdvanced
from compat.v3.shown import PreviewVideo as PreviewVideo
from compat.v3.widgets import FolderType as FolderType

_UIOutput = outputs.UIOutput
