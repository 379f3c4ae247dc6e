"""Samples by index from every kind of source."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, IterableDataset, Subset, TensorDataset

from innerview.data.samples import Data
from innerview.errors import DataError
from innerview.model.signature import Takes, takes

IMAGES = torch.arange(6 * 3 * 4 * 4, dtype=torch.float32).reshape(6, 3, 4, 4) / 288
LABELS = torch.tensor([2, 0, 1, 2, 1, 0])


class Pairs(Dataset):
    classes = ("ant", "bee", "cat")
    targets = LABELS.tolist()

    def __len__(self):
        return len(LABELS)

    def __getitem__(self, index):
        return IMAGES[index], int(LABELS[index])


class Dicts(Dataset):
    def __len__(self):
        return len(LABELS)

    def __getitem__(self, index):
        return {"pixel_values": IMAGES[index], "labels": LABELS[index], "id": index}


class Stream(IterableDataset):
    def __iter__(self):
        yield from zip(IMAGES, LABELS.tolist(), strict=True)


@pytest.mark.parametrize(
    "source",
    [
        (IMAGES, LABELS),
        (IMAGES.numpy(), LABELS.numpy()),
        TensorDataset(IMAGES, LABELS),
        Pairs(),
        Stream(),
        DataLoader(Pairs(), batch_size=4, shuffle=True),
        DataLoader(Stream(), batch_size=4),
        DataLoader(TensorDataset(IMAGES, LABELS), batch_size=4),
    ],
    ids=["pair", "arrays", "TensorDataset", "Dataset", "IterableDataset", "loader", "stream loader", "tensor loader"],
)
def test_every_source_gives_the_same_samples_by_index(source):
    data = Data(source)
    assert len(data) == 6
    batch = data.batch([4, 1])
    assert torch.equal(batch.args[0], IMAGES[[4, 1]])
    assert torch.equal(batch.labels, LABELS[[4, 1]])
    assert batch.kwargs == {}


def test_a_tensor_has_no_labels():
    data = Data(IMAGES)
    assert data.labels is None
    assert data.batch([2]).labels is None
    assert torch.equal(data.batch([2]).args[0], IMAGES[2:3])


def test_a_dict_feeds_what_the_forward_takes():
    class Model(nn.Module):
        def forward(self, pixel_values=None, labels=None):
            return pixel_values, labels

    batch = Data(DataLoader(Dicts()), takes=takes(Model())).batch([3, 0])
    assert list(batch.kwargs) == ["pixel_values"]
    assert torch.equal(batch.kwargs["pixel_values"], IMAGES[[3, 0]])
    assert torch.equal(batch.labels, LABELS[[3, 0]])


def test_a_dict_that_fits_no_parameter_says_what_to_do():
    class Views(Pairs):
        def __getitem__(self, index):
            return {"left": IMAGES[index], "right": IMAGES[index], "labels": LABELS[index]}

    with pytest.raises(DataError, match=r"'left', 'right', 'labels'.*takes x.*unpack="):
        Data(Views(), takes=Takes(("x",), ("x",), frozenset({"x"}), known=True))


def test_unpack_decides_for_unusual_batches():
    data = Data(Dicts(), unpack=lambda batch: ((batch["pixel_values"],), {}, batch["labels"]))
    assert torch.equal(data.batch([5]).args[0], IMAGES[5:6])
    assert data.batch([5]).labels.tolist() == [0]


def test_all_labels_are_known_without_reading_the_samples():
    assert Data(Pairs()).labels.tolist() == LABELS.tolist()
    assert Data(Subset(Subset(Pairs(), [5, 3, 1]), [2, 0])).labels.tolist() == [0, 0]


def test_labels_are_learned_on_the_way_when_the_dataset_lists_others():
    class Relabelled(Pairs):
        def __getitem__(self, index):
            return IMAGES[index % 6], 9 - int(LABELS[index % 6])

        def __len__(self):
            return 60

    data = Data(Relabelled())
    known = np.flatnonzero(data.labels >= 0)
    assert {0, 59} < set(known)
    assert len(known) == 8
    assert data.labels[known].tolist() == [9 - int(LABELS[sample % 6]) for sample in known]
    unknown = int(np.flatnonzero(data.labels < 0)[0])
    data.batch([unknown])
    assert data.labels[unknown] == 9 - int(LABELS[unknown % 6])


def test_class_names_come_from_the_caller_then_the_dataset_then_the_numbers():
    assert Data(Pairs(), classes=["x", "y", "z"]).classes == ["x", "y", "z"]
    assert Data(Subset(Pairs(), [0, 1])).classes == ["ant", "bee", "cat"]
    assert Data((IMAGES, LABELS)).classes == ["0", "1", "2"]
    assert Data((IMAGES, LABELS), classes=["x"]).class_name(2) == "2"


def test_the_transforms_normalisation_is_found():
    class Normalize:  # as torchvision.transforms names it
        mean, std = (0.5, 0.4, 0.3), (0.2, 0.2, 0.1)

    class Compose:
        transforms = (object(), Normalize())

        def __call__(self, image):
            return image

    class Transformed(Pairs):
        transform = Compose()

    data = Data(DataLoader(Subset(Transformed(), [0, 1])))
    assert (data.mean, data.std) == ([0.5, 0.4, 0.3], [0.2, 0.2, 0.1])
    assert Data(Transformed(), mean=[0.0], std=[1.0]).mean == [0.0]
    assert Data(Pairs()).mean is None


def test_reading_does_not_disturb_the_random_numbers_of_the_caller():
    torch.manual_seed(7)
    expected = torch.rand(3)
    for source in (DataLoader(Pairs(), shuffle=True), DataLoader(Stream(), batch_size=2)):
        torch.manual_seed(7)
        Data(source).batch([0, 1])
        assert torch.equal(torch.rand(3), expected)


def test_a_list_of_images_of_different_sizes_stays_a_list():
    class Boxes(Dataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return torch.zeros(3, 4 + index, 5), {"boxes": torch.zeros(1, 4)}

    loader = DataLoader(Boxes(), collate_fn=lambda samples: tuple(zip(*samples, strict=True)))
    batch = Data(loader).batch([0, 1])
    assert [list(image.shape) for image in batch.args[0]] == [[3, 4, 5], [3, 5, 5]]
    assert batch.labels is None


@pytest.mark.parametrize(
    "source", [[], torch.zeros(0, 3), TensorDataset(torch.zeros(0, 3)), DataLoader(TensorDataset(torch.zeros(0, 3)))]
)
def test_empty_data_is_refused(source):
    with pytest.raises(DataError, match="empty"):
        Data(source)


def test_labels_of_another_length_are_refused():
    with pytest.raises(DataError, match="6 inputs, 5 labels"):
        Data((IMAGES, LABELS[:5]))
    with pytest.raises(DataError, match="3 a, 2 b"):
        Data({"a": torch.zeros(3), "b": torch.zeros(2)})


def test_what_cannot_be_read_is_named():
    with pytest.raises(DataError, match="int is not a DataLoader"):
        Data(3)
    with pytest.raises(DataError, match="str is not a DataLoader"):
        Data("digits.npz")
    with pytest.raises(DataError, match="'frame' is not a tensor but NoneType"):
        Data({"data": IMAGES, "frame": None})


def test_a_number_of_classes_is_no_list_of_names():
    with pytest.raises(DataError, match="classes=10 is a number; give a name for each label"):
        Data((IMAGES, LABELS), classes=10)


@pytest.mark.parametrize("index", [-1, 6])
def test_an_index_outside_the_data_is_refused(index):
    with pytest.raises(DataError, match=f"no sample {index}.*0 to 5"):
        Data((IMAGES, LABELS)).batch([index])


def test_numpy_labels_of_float_are_no_labels():
    assert Data((IMAGES, np.linspace(0, 1, 6))).labels is None


def test_samples_of_different_shapes_make_no_batch_but_can_be_read_one_by_one():
    samples = [(torch.rand(3, size, size), size) for size in (8, 12)]
    data = Data(samples)
    assert data.batch([1]).args[0].shape == (1, 3, 12, 12)
    with pytest.raises(DataError, match=r"samples 0 to 1 .* different shapes"):
        data.batch([0, 1])


def test_labels_of_another_length_are_an_error():
    data = Data(torch.rand(4, 2), unpack=lambda batch: ((batch,), {}, torch.zeros(1, dtype=torch.long)))
    with pytest.raises(DataError, match=r"batch of 2 samples has 1 labels"):
        data.batch([0, 1])


@pytest.mark.parametrize("made", [torch.ones(1), (torch.ones(1), {}, None), ((), {}), ((), {}, torch.ones(1) / 2)])
def test_an_unpack_that_returns_something_else_is_told_what_to_return(made):
    with pytest.raises(DataError, match=r"unpack returns \(args, kwargs, labels\).*this one returned"):
        Data(torch.rand(4, 2), unpack=lambda _: made)


def test_a_target_transform_is_believed_rather_than_the_list_of_targets():
    class Even(torch.utils.data.Dataset):
        targets = (0, 1, 2, 3)
        target_transform = staticmethod(lambda label: label % 2)

        def __len__(self):
            return 4

        def __getitem__(self, index):
            return torch.rand(2), self.target_transform(self.targets[index])

    data = Data(Even())
    data.batch(range(4))
    assert data.labels.tolist() == [0, 1, 0, 1]
    assert data.classes == ["0", "1"]


def test_classes_without_names_grow_as_labels_are_read():
    data = Data([(torch.rand(2), int(index == 30) * 4) for index in range(60)])
    assert data.classes == ["0"]
    data.batch([30])
    assert data.classes == ["0", "1", "2", "3", "4"]


def test_large_whole_numbers_are_no_classes():
    assert Data([(torch.rand(2), 2_000_000_000)]).classes == []


def test_classes_of_one_name_are_told_apart():
    data = Data((torch.rand(3, 2), torch.arange(3)), classes=["crane", "owl", "crane"])
    assert data.classes == ["crane (0)", "owl", "crane (2)"]


def test_a_stream_with_names_of_files():
    class Stream(torch.utils.data.IterableDataset):
        def __iter__(self):
            return iter([(torch.rand(2), index, f"{index}.png") for index in range(6)])

    data = Data(DataLoader(Stream(), batch_size=3))
    assert len(data) == 6
    assert data.batch([5]).labels.tolist() == [5]


def test_training_data_have_the_labels_that_were_asked_for():
    def rows(start):
        return {"x": torch.rand(6, 3), "coarse": torch.arange(6) % 2, "fine": (torch.arange(6) + start) % 3}

    data = Data(rows(0), labels="fine")
    assert data.alike(rows(1)).labels.tolist() == [1, 2, 0, 1, 2, 0]
