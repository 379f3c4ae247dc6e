"""Every layer of more than 40 of torchvision's architectures, randomly initialised, at small sizes."""

from __future__ import annotations

import pytest
import torch
from torchvision import models
from torchvision.models.maxvit import MaxVit
from torchvision.models.video.mvit import MSBlockConfig, MViT

# Three minutes together on two cores; the small models of the other files cover the same code in `make check`.
pytestmark = pytest.mark.slow

IMAGES = {
    "alexnet": 64,
    "convnext_small": 32,
    "convnext_tiny": 32,
    "densenet121": 32,
    "densenet169": 32,
    "efficientnet_b0": 32,
    "efficientnet_b1": 32,
    "efficientnet_v2_s": 32,
    "googlenet": 64,
    "inception_v3": 75,
    "mnasnet0_5": 32,
    "mnasnet1_0": 32,
    "mobilenet_v2": 32,
    "mobilenet_v3_large": 32,
    "mobilenet_v3_small": 32,
    "regnet_x_400mf": 32,
    "regnet_x_800mf": 32,
    "regnet_y_400mf": 32,
    "regnet_y_800mf": 32,
    "resnet18": 64,
    "resnet34": 32,
    "resnet50": 32,
    "resnet101": 32,
    "resnext50_32x4d": 32,
    "shufflenet_v2_x0_5": 32,
    "shufflenet_v2_x1_0": 32,
    "squeezenet1_0": 64,
    "squeezenet1_1": 64,
    "swin_t": 32,
    "swin_v2_t": 32,
    "vgg11": 32,
    "vit_b_16": 32,
    "vit_b_32": 64,
    "wide_resnet50_2": 32,
}
OPTIONS = {
    "googlenet": {"aux_logits": True, "init_weights": False},
    "inception_v3": {"aux_logits": True, "init_weights": False},
    "vit_b_16": {"image_size": 32},
    "vit_b_32": {"image_size": 64},
}
VIDEOS = ["mc3_18", "r2plus1d_18", "r3d_18", "swin3d_t"]
SEGMENTATIONS = ["deeplabv3_mobilenet_v3_large", "fcn_resnet50", "lraspp_mobilenet_v3_large"]
# Few boxes: without torchvision's extension, pooling hundreds of them takes gigabytes.
DETECTIONS = {
    "fasterrcnn_mobilenet_v3_large_320_fpn": {"rpn_pre_nms_top_n_test": 20, "rpn_post_nms_top_n_test": 10},
    "ssdlite320_mobilenet_v3_large": {"topk_candidates": 20},
}


def test_there_are_at_least_40():
    assert len(IMAGES) + len(VIDEOS) + len(SEGMENTATIONS) + len(DETECTIONS) >= 40


@pytest.mark.parametrize("name", IMAGES)
def test_image_model(name, check):
    model = getattr(models, name)(weights=None, **OPTIONS.get(name, {}))
    table = check(model, (torch.randn(2, 3, IMAGES[name], IMAGES[name]),))
    if name in ("googlenet", "inception_v3"):
        auxiliary = [row for row in table.values() if row.path.lower().startswith("aux")]
        assert auxiliary
        assert {str(row.status) for row in auxiliary} == {"never called"}
    if name.startswith("vit"):
        assert str(table["encoder.layers.encoder_layer_0.self_attention.out_proj"].status) == "never called"


def test_maxvit_with_all_its_blocks(check):
    # As maxvit_t, with narrow channels and windows of 2x2 so that an image of 64x64 will do.
    model = MaxVit((64, 64), 8, 2, [8, 16, 32, 64], [2, 2, 5, 2], 8, 0.2)
    table = check(model, (torch.randn(2, 3, 64, 64),))
    assert len({row.path for row in table.values()}) == 669  # and the model itself


@pytest.mark.parametrize("name", VIDEOS)
def test_video_model(name, check):
    model = getattr(models.video, name)(weights=None)
    check(model, (torch.randn(2, 3, 4, 32, 32),))


def test_multiscale_video_transformer(check):
    blocks = [
        MSBlockConfig(1, 16, 16, [3, 3, 3], [3, 3, 3], [1, 4, 4], [1, 1, 1]),
        MSBlockConfig(2, 16, 32, [3, 3, 3], [3, 3, 3], [1, 2, 2], [1, 2, 2]),
    ]
    model = MViT(
        (32, 32),
        4,
        blocks,
        residual_pool=True,
        residual_with_cls_embed=False,
        rel_pos_embed=True,
        proj_after_attn=True,
    )
    check(model, (torch.randn(2, 3, 4, 32, 32),))


@pytest.mark.parametrize("name", SEGMENTATIONS)
def test_segmentation_model(name, check):
    model = getattr(models.segmentation, name)(weights=None, weights_backbone=None)
    table = check(model, (torch.randn(2, 3, 32, 32),))
    assert table["backbone"].note.startswith("the output is a OrderedDict")


# roi_align without torchvision's extension is a torch.compile'd function, whose loading warns of its own old code.
@pytest.mark.filterwarnings("ignore:.torch.jit.script_method. is deprecated:DeprecationWarning")
@pytest.mark.parametrize("name", DETECTIONS)
def test_detection_model(name, check):
    model = getattr(models.detection, name)(weights=None, weights_backbone=None, num_classes=5, **DETECTIONS[name])
    images = [torch.rand(3, 60, 80), torch.rand(3, 80, 60)]
    table = check(model, (images,))
    if name.startswith("fasterrcnn"):
        # One head runs over every level of the feature pyramid.
        assert table["rpn.head.conv#3"].calls == 3
    assert str(table["transform"].status) == "no tensor output"


def test_optical_flow_model_calls_one_block_many_times(check):
    model = models.optical_flow.raft_small(weights=None)
    table = check(model, (torch.randn(2, 3, 128, 128), torch.randn(2, 3, 128, 128)), {"num_flow_updates": 3})
    assert table["update_block"].calls == 3
    assert [name for name, row in table.items() if row.path == "update_block"] == [
        "update_block",
        "update_block#2",
        "update_block#3",
    ]
