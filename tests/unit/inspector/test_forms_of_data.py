"""The forms in which data sets of the field give their samples: what is fed, what the labels are, what is refused."""

import re
from collections import namedtuple
from dataclasses import dataclass

import datasets
import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import nn
from torch.utils.data import (
    BatchSampler,
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    Sampler,
    SequentialSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    get_worker_info,
)

from innerview import Inspector
from innerview.data.inputs import main_input
from innerview.data.samples import Data
from innerview.errors import DataError, ForwardError
from innerview.model.signature import takes

N = 40
X = torch.rand(N, 3, 8, 8, generator=torch.Generator().manual_seed(0))
Y = torch.randint(0, 4, (N,), generator=torch.Generator().manual_seed(1))
WORDS = ["ant", "bee", "cat", "dog"]
NAMES = [WORDS[label] for label in Y]
LENGTHS = [3 + 7 * i % 11 for i in range(N)]
TOKENS = [torch.arange(1, 1 + n) for n in LENGTHS]


class Rows(Dataset):
    """Sample i is ``get(i)``; whatever else is given becomes an attribute."""

    def __init__(self, get, **kept):
        self.get = get
        self.__dict__.update(kept)

    def __len__(self):
        return N

    def __getitem__(self, i):
        if not 0 <= i < N:
            raise IndexError(i)
        return self.get(i)


class Stream(IterableDataset):
    def __iter__(self):
        return ((X[i], int(Y[i])) for i in range(N))


class Takes1(nn.Module):
    def forward(self, x):
        return x


class Takes2(nn.Module):
    def forward(self, left, right):
        return left, right


class Takes3(nn.Module):
    def forward(self, one, two, three):
        return one, two, three


class TakesLengths(nn.Module):
    def forward(self, text, lengths=None):
        return text, lengths


class TakesIds(nn.Module):
    def forward(self, input_ids, attention_mask=None, labels=None):
        return input_ids, attention_mask, labels


class TakesLabels(nn.Module):
    def forward(self, x, labels):
        return x, labels


class TakesBatch(nn.Module):
    def forward(self, batch):
        return batch["image"]


PICTURES = [Image.fromarray((x.permute(1, 2, 0) * 255).byte().numpy()) for x in X]
HUGGING_FACE = datasets.Dataset.from_dict(
    {"image": PICTURES, "label": Y.tolist()},
    features=datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=WORDS)}),
)
TEXTS = datasets.Dataset.from_dict(
    {
        "text": ["a word"] * N,
        "input_ids": [[*range(1, 1 + 3 + i % 3), *[0] * (2 - i % 3)] for i in range(N)],
        "attention_mask": [[1] * (3 + i % 3) + [0] * (2 - i % 3) for i in range(N)],
        "label": Y.tolist(),
    }
)


def to_pixels(rows):
    pixels = [torch.from_numpy(np.array(picture)).permute(2, 0, 1) / 255 for picture in rows["image"]]
    return {"pixel_values": pixels, "label": rows["label"]}


Pair = namedtuple("Pair", "image label")  # noqa: PYI024 - as torchvision's users write it


@dataclass
class Example:
    image: torch.Tensor
    label: torch.Tensor


class Graph:
    """A batch as graph libraries make it: an object that is fed whole."""

    def __init__(self, x, y):
        self.x, self.y = x, y

    def to(self, *_):
        return self


def padded(samples):
    texts, *others = zip(*samples, strict=True)
    lengths = torch.tensor([len(text) for text in texts])
    text = nn.utils.rnn.pad_sequence(texts, batch_first=True)
    return text, lengths, *(torch.tensor(column) for column in others)


def time_first(samples):
    texts, labels = zip(*samples, strict=True)
    return nn.utils.rnn.pad_sequence(texts), torch.tensor(labels)


def collate_dicts(samples):
    text = nn.utils.rnn.pad_sequence([TOKENS[i] for i in samples], batch_first=True)
    return {"input_ids": text, "attention_mask": (text > 0).long(), "labels": Y[samples], "id": torch.tensor(samples)}


PIXELS = HUGGING_FACE.with_transform(to_pixels)
# Name: the data, the model, the labels that are right (None: there are none), and the shape of sample 5 as it is fed.
FORMS = {
    "tensors": ((X, Y), Takes1, Y, (3, 8, 8)),
    "list of two tensors": ([X, Y], Takes1, Y, (3, 8, 8)),
    "a tensor alone": (X, Takes1, None, (3, 8, 8)),
    "arrays": ((X.numpy(), Y.numpy()), Takes1, Y, (3, 8, 8)),
    "read-only array": ((np.frombuffer(X.numpy().tobytes(), np.float32).reshape(N, 3, 8, 8), Y), Takes1, Y, (3, 8, 8)),
    "reversed array": ((X.numpy()[::-1][::-1], Y.numpy()[::-1][::-1]), Takes1, Y, (3, 8, 8)),
    "labels [N, 1]": ((X, Y[:, None]), Takes1, Y, (3, 8, 8)),
    "labels int8": ((X, Y.to(torch.int8)), Takes1, Y, (3, 8, 8)),
    "labels bool": ((X, Y > 1), Takes1, (Y > 1).long(), (3, 8, 8)),
    "labels float 0 and 1": ((X, (Y > 1).float()), Takes1, (Y > 1).long(), (3, 8, 8)),
    "labels float [N, 1]": ((X, (Y > 1).float()[:, None]), Takes1, (Y > 1).long(), (3, 8, 8)),
    "labels one-hot": ((X, nn.functional.one_hot(Y, 4).float()), Takes1, Y, (3, 8, 8)),
    "labels one-hot of whole numbers": ((X, nn.functional.one_hot(Y, 4)), Takes1, Y, (3, 8, 8)),
    "labels as a list": ((X, Y.tolist()), Takes1, Y, (3, 8, 8)),
    "labels as a pandas column": ((X, pd.Series(Y.numpy(), index=range(90, 90 + N))), Takes1, Y, (3, 8, 8)),
    "names": ((X, NAMES), Takes1, Y, (3, 8, 8)),
    "names as an array": ((X, np.array(NAMES)), Takes1, Y, (3, 8, 8)),
    "names as a pandas column": ((X, pd.Series(NAMES)), Takes1, Y, (3, 8, 8)),
    "names as categories": ((X, pd.Series(NAMES, dtype="category")), Takes1, Y, (3, 8, 8)),
    "labels with -100": ((X, torch.where(Y == 3, -100, Y)), Takes1, torch.where(Y == 3, -1, Y), (3, 8, 8)),
    "several labels a sample": ((X, (torch.rand(N, 5) > 0.5).float() + torch.eye(5)[0]), Takes1, None, (3, 8, 8)),
    "numbers to predict": ((X, torch.rand(N)), Takes1, None, (3, 8, 8)),
    "masks": ((X, Y[:, None, None].expand(N, 8, 8)), Takes1, None, (3, 8, 8)),
    "two inputs and labels": ((X, X[:, 0], Y), Takes2, Y, (3, 8, 8)),
    "two inputs": ((X, X[:, 0]), Takes2, None, (3, 8, 8)),
    "table of pandas": ((pd.DataFrame(X.flatten(1)[:, :6].numpy()), Y), Takes1, Y, (6,)),
    "dict of tensors": ({"left": X, "right": X[:, 0], "labels": Y}, Takes2, Y, (3, 8, 8)),
    "dict with names": ({"x": X, "label": NAMES}, Takes1, Y, (3, 8, 8)),
    "data set of pairs": (Rows(lambda i: (X[i], int(Y[i]))), Takes1, Y, (3, 8, 8)),
    "data set of lists": (Rows(lambda i: [X[i], int(Y[i])]), Takes1, Y, (3, 8, 8)),
    "data set of names": (Rows(lambda i: (X[i], NAMES[i]), classes=WORDS), Takes1, Y, (3, 8, 8)),
    "data set of arrays": (Rows(lambda i: (X[i].numpy(), np.int64(Y[i]))), Takes1, Y, (3, 8, 8)),
    "data set of one-hot rows": (Rows(lambda i: (X[i], torch.eye(4)[Y[i]])), Takes1, Y, (3, 8, 8)),
    "named tuples": (Rows(lambda i: Pair(X[i], int(Y[i]))), Takes1, Y, (3, 8, 8)),
    "list of pairs": ([(X[i], int(Y[i])) for i in range(N)], Takes1, Y, (3, 8, 8)),
    "with the index (image, label, index)": (Rows(lambda i: (X[i], int(Y[i]), i)), Takes1, Y, (3, 8, 8)),
    "with the index in front of the label": (Rows(lambda i: (X[i], i, int(Y[i]))), Takes1, Y, (3, 8, 8)),
    "with a path (ImageFolder with paths)": (
        Rows(lambda i: (X[i], int(Y[i]), f"cats/{i}.png")),
        Takes1,
        Y,
        (3, 8, 8),
    ),
    "path first of the rest": (Rows(lambda i: (X[i], f"/data/{i}.png", int(Y[i]))), Takes1, Y, (3, 8, 8)),
    "speech (wave, rate, word, speaker, number)": (
        Rows(lambda i: (X[i, 0], 16000, NAMES[i], f"{i:08x}", i % 2)),
        Takes1,
        Y,
        (8, 8),
    ),
    "with a number of its own in front of the label": (
        Rows(lambda i: (X[i], 7000 + 3 * i, int(Y[i]))),
        Takes1,
        Y,
        (3, 8, 8),
    ),
    "two classes and images of several sizes": (
        DataLoader(Rows(lambda i: (torch.rand(3, 20 + i, 8), int(Y[i]) % 2)), batch_size=1),
        Takes1,
        Y % 2,
        (3, 25, 8),
    ),
    "a forward that takes the labels": (Rows(lambda i: (X[i], int(Y[i]))), TakesLabels, Y, (3, 8, 8)),
    "wilds (x, y, metadata)": (Rows(lambda i: (X[i], int(Y[i]), torch.arange(4) + i)), Takes1, Y, (3, 8, 8)),
    "text (padded, lengths, labels)": (
        DataLoader(Rows(lambda i: (TOKENS[i], int(Y[i]))), collate_fn=padded),
        Takes1,
        Y,
        (LENGTHS[5],),
    ),
    "text with lengths fed": (
        DataLoader(Rows(lambda i: (TOKENS[i], int(Y[i]))), collate_fn=padded),
        TakesLengths,
        Y,
        (LENGTHS[5],),
    ),
    "frames (signal, frames, label)": (
        DataLoader(Rows(lambda i: (torch.rand(1, 160 * LENGTHS[i]), LENGTHS[i], int(Y[i]))), batch_size=1),
        Takes1,
        Y,
        (1, 160 * LENGTHS[5]),
    ),
    "time first": (
        DataLoader(Rows(lambda i: (TOKENS[i], int(Y[i]))), collate_fn=time_first),
        Takes1,
        Y,
        (LENGTHS[5],),
    ),
    "Hugging Face, images with a transform": (PIXELS, Takes1, NAMES, (3, 8, 8)),
    "Hugging Face, in a loader": (DataLoader(PIXELS, batch_size=4, shuffle=True), Takes1, NAMES, (3, 8, 8)),
    "Hugging Face, images as tensors": (HUGGING_FACE.with_format("torch"), Takes1, NAMES, (3, 8, 8)),
    "Hugging Face, a stream": (
        HUGGING_FACE.to_iterable_dataset().map(to_pixels, batched=True, remove_columns=["image"]),
        Takes1,
        Y,
        (3, 8, 8),
    ),
    "Hugging Face, text": (TEXTS, TakesIds, Y, (5,)),
    "Hugging Face, text as tensors": (TEXTS.with_format("torch"), TakesIds, Y, (5,)),
    "Hugging Face, text as arrays": (TEXTS.with_format("numpy"), TakesIds, Y, (5,)),
    "hugging face (dict with text beside)": (
        Rows(
            lambda i: {
                "text": "a word",
                "input_ids": TOKENS[2],
                "attention_mask": TOKENS[2] * 0 + 1,
                "label": int(Y[i]),
            }
        ),
        TakesIds,
        Y,
        (LENGTHS[2],),
    ),
    "hugging face (rows of lists)": (
        Rows(lambda i: {"input_ids": TOKENS[2].tolist(), "labels": int(Y[i]), "idx": i}),
        TakesIds,
        Y,
        (LENGTHS[2],),
    ),
    "collated dict": (DataLoader(range(N), collate_fn=collate_dicts), TakesIds, Y, (LENGTHS[5],)),
    "monai (dict with a path)": (
        Rows(lambda i: {"image": X[i], "label": int(Y[i]), "image_path": f"{i}.nii.gz"}),
        Takes1,
        Y,
        (3, 8, 8),
    ),
    "monai (segmentation)": (Rows(lambda i: {"image": X[i], "label": X[i, :1] > 0.5}), Takes1, None, (3, 8, 8)),
    "dict fed whole": (Rows(lambda i: {"image": X[i], "label": int(Y[i])}), TakesBatch, Y, (3, 8, 8)),
    "dict of inputs in a pair": (
        Rows(lambda i: ({"left": X[i], "right": X[i]}, int(Y[i]))),
        Takes2,
        Y,
        (3, 8, 8),
    ),
    "two inputs in a pair": (Rows(lambda i: ((X[i], X[i]), int(Y[i]))), Takes2, Y, (3, 8, 8)),
    "data class": (
        DataLoader(Rows(lambda i: i), collate_fn=lambda rows: Example(X[rows], Y[rows])),
        Takes1,
        Y,
        (3, 8, 8),
    ),
    "arrays from the collate function": (
        DataLoader(Rows(lambda i: i), collate_fn=lambda rows: (X[rows].numpy(), Y[rows].numpy())),
        Takes1,
        Y,
        (3, 8, 8),
    ),
    "stream": (Stream(), Takes1, Y, (3, 8, 8)),
    "stream in a loader": (DataLoader(Stream(), batch_size=7), Takes1, Y, (3, 8, 8)),
    "stream with workers": (DataLoader(Stream(), batch_size=7, num_workers=2), Takes1, Y, (3, 8, 8)),
    "iterable of batches": (
        iter([(X[:25], Y[:25]), (X[25:], Y[25:])]),
        Takes1,
        Y,
        (3, 8, 8),
    ),
    "shuffled loader": (DataLoader(TensorDataset(X, Y), shuffle=True, batch_size=9), Takes1, Y, (3, 8, 8)),
    "loader in bulk": (
        DataLoader(Rows(lambda i: (X[i], Y[i])), batch_size=8, sampler=SequentialSampler(range(N))),
        Takes1,
        Y,
        (3, 8, 8),
    ),
    "concatenated": (
        ConcatDataset([TensorDataset(X[:15], Y[:15]), TensorDataset(X[15:], Y[15:])]),
        Takes1,
        Y,
        (3, 8, 8),
    ),
    "subset of a subset": (
        Subset(Subset(TensorDataset(X.flip(0), Y.flip(0)), range(N)), list(range(N))[::-1]),
        Takes1,
        Y,
        (3, 8, 8),
    ),
}


def first_input(batch):
    value = (*batch.args, *batch.kwargs.values())[0]
    return value["image"] if isinstance(value, dict) else value


@pytest.mark.parametrize("form", FORMS)
def test_what_is_fed_and_what_the_labels_are(form):
    source, model, labels, shape = FORMS[form]
    data = Data(source, takes=takes(model()))
    assert len(data) == N
    batch = data.batch([5])
    value = first_input(batch)
    assert isinstance(value, torch.Tensor)
    assert tuple(value.select(batch.axis, 0).shape) == shape
    if labels is None:
        assert data.labels is None
        assert batch.labels is None
        return
    for i in range(N):
        data.batch([i])
    if labels is NAMES or set(data.classes) == set(
        WORDS
    ):  # in the order in which they come, where the data set lists none
        assert [data.classes[label] for label in data.labels] == NAMES
        assert data.classes[int(batch.labels[0])] == NAMES[5]
    else:
        assert data.labels.tolist() == labels.clamp(min=-1).tolist()
        assert batch.labels.clamp(min=-1).tolist() == [max(int(labels[5]), -1)]


def test_the_values_fed_are_those_of_the_sample():
    for form, (source, model, _, shape) in FORMS.items():
        if shape == (3, 8, 8) and not form.startswith(("iterable", "Hugging Face")):  # pictures are of bytes
            batch = Data(source, takes=takes(model())).batch([7, 2])
            assert torch.equal(first_input(batch), X[[7, 2]]), form


@pytest.mark.parametrize(
    ("source", "model", "says"),
    [
        (Rows(lambda i: (Image.new("RGB", (8, 8)), int(Y[i]))), Takes1, r"pictures \(Image\).*ToTensor"),
        (Rows(lambda i: {"image": Image.new("L", (8, 8)), "label": i}), Takes1, "with_transform"),
        (
            Rows(lambda i: (X[i], int(Y[i]))),
            Takes3,
            "unpack=",
        ),
        (Rows(lambda i: {"left": X[i], "right": X[i], "label": 0}), Takes1, "unpack="),
        (TensorDataset(X[:0]), Takes1, "empty"),
        ((X, Y[:5]), Takes1, "40 inputs, 5 labels"),
        ((X, "cats"), Takes1, "40"),
        (3, Takes1, "int is not a DataLoader"),
        ("digits", Takes1, "str is not a DataLoader"),
        (None, Takes1, "NoneType is not a DataLoader"),
        (
            Rows(lambda i: Graph(X[i], i)),
            Takes1,
            "objects of the type Graph.*give the DataLoader",
        ),
        ({"train": TensorDataset(X, Y), "test": TensorDataset(X, Y)}, Takes1, r"data\['train'\]"),
        (datasets.DatasetDict(train=HUGGING_FACE, test=HUGGING_FACE), Takes1, r"data\['train'\]"),
        (HUGGING_FACE, Takes1, r"pictures \(.*with_transform"),
        (Rows(lambda i: (X[i], WORDS[float(i)])), Takes1, "sample 0 of Rows cannot be read: TypeError"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_sentence(source, model, says):
    with pytest.raises(DataError, match=says):
        Data(source, takes=takes(model()))


class OfGraph(nn.Module):
    """Takes what a graph holds, as the models of graph libraries do."""

    def __init__(self):
        super().__init__()
        self.node, self.fc = nn.Linear(3, 4), nn.Linear(4, 4)

    def forward(self, x, edge_index, batch=None):  # noqa: ARG002 - fed
        groups = torch.zeros(len(x), dtype=torch.int64) if batch is None else batch
        return self.fc(torch.zeros(int(groups.max()) + 1, 4).index_add(0, groups, self.node(x)))


class Graphs(Graph):
    """A batch of graphs, all nodes in one table."""

    def __init__(self, numbers):
        sizes = [2 + i % 3 for i in numbers]
        nodes = torch.cat([torch.full((size, 3), i / N) for i, size in zip(numbers, sizes, strict=True)])
        super().__init__(nodes, Y[list(numbers)])
        self.edge_index = torch.zeros(2, 1, dtype=torch.int64)
        self.batch = torch.arange(len(sizes)).repeat_interleave(torch.tensor(sizes))


def test_a_model_of_graphs_is_fed_what_it_takes_of_them():
    model = OfGraph()
    with Inspector(model, DataLoader(Rows(lambda i: i), batch_size=4, collate_fn=Graphs)) as inspector:
        # The nodes of all graphs lie end to end; sample 0 has two.
        assert inspector.layers["node"].shape == (2, 4) == tuple(inspector.activations("node", [0])[0].shape)
        assert "end to end in axis 0" in inspector.layers["node"].note
        assert inspector.layers["fc"].shape == (4,)
        whole = Graphs(range(N))
        with torch.no_grad():
            expected = model(whole.x, whole.edge_index, whole.batch)
        assert torch.allclose(inspector.activations("fc"), expected, atol=1e-5)
        assert inspector.embed("node", pool="mean").points.shape == (N, 2)
        list(inspector.predict())
        assert inspector.data.labels.tolist() == Y.tolist()


class Tagged(torch.Tensor):
    """A tensor with metadata of its own that does not bear to be indexed, as MONAI's."""

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if function in (torch.Tensor.select, torch.Tensor.__getitem__):
            raise ValueError("inconsistent metadata")
        return super().__torch_function__(function, types, args, kwargs or {})


def collate_tagged(samples):
    images, labels = zip(*samples, strict=True)
    return torch.stack(images).as_subclass(Tagged), torch.stack(labels)


def test_a_tensor_with_methods_of_its_own_is_fed_as_it_is_and_looked_at_as_a_plain_one():
    seen = []

    class Model(Wants):
        def forward(self, x):
            seen.append(type(x))
            return super().forward(x)

    model = Model()
    with Inspector(model, DataLoader(TensorDataset(X, Y), batch_size=4, collate_fn=collate_tagged)) as inspector:
        values = inspector.activations("conv", [7])[0]
        assert Tagged in seen
        assert type(values) is type(main_input(inspector.batch(7))) is torch.Tensor
        with torch.no_grad():
            assert torch.allclose(values, model.conv(X[7:8])[0], atol=1e-6)
        assert inspector.embed("conv").points.shape == (N, 2)


class Wants(nn.Module):
    """Refuses any input but ``[N, 3, 8, 8]`` of floats, as a convolution does."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 3)

    def forward(self, x):
        return self.conv(x).flatten(1)


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
@pytest.mark.parametrize("last", [True, False])
def test_the_line_that_an_error_offers_works(dtype, last, named):
    images = X.mul(255).to(dtype) if dtype == torch.uint8 else X
    images = images.permute(0, 2, 3, 1) if last else images
    data = {"image": images, "label": Y} if named else (images, Y)
    if dtype == torch.float32 and not last:
        Inspector(Wants(), data).close()
        return
    with Inspector(Wants(), data) as inspector, pytest.raises(ForwardError) as caught:
        inspector.layers  # noqa: B018 - is made here
    (line,) = re.findall(r"unpack=(lambda batch: .*)", str(caught.value))
    unpack = eval(line)  # noqa: S307 - our own sentence
    with Inspector(Wants(), data, unpack=unpack) as inspector:
        assert inspector.layers["conv"].shape == (2, 6, 6)
        assert inspector.data.labels[0] == Y[0]


class Sum(nn.Module):
    def forward(self, left, right=None):
        return left.flatten(1)[:, :5] + (0 if right is None else right.flatten(1)[:, :5])


def test_the_line_that_is_offered_for_a_list_of_inputs_works():
    pairs = Rows(lambda i: ((X[i], X[i]), int(Y[i])))
    with Inspector(Sum(), pairs) as inspector, pytest.raises(ForwardError) as caught:
        inspector.layers  # noqa: B018 - is made here
    (line,) = re.findall(r"unpack=(lambda batch: .*)", str(caught.value))
    with Inspector(Sum(), pairs, unpack=eval(line)) as inspector:  # noqa: S307 - our own sentence
        assert torch.equal(inspector.activations("Sum"), 2 * X.flatten(1)[:, :5])


class Endless(Sampler):
    def __iter__(self):
        while True:
            yield from (3, 1, 2)


@pytest.mark.parametrize(
    ("loader", "kept", "said"),
    [
        (DataLoader(TensorDataset(X, Y), sampler=SubsetRandomSampler(range(9, 3, -1))), range(4, 10), ""),
        (DataLoader(TensorDataset(X, Y), sampler=RandomSampler(range(N), num_samples=5)), range(N), "5 of these"),
        (DataLoader(TensorDataset(X, Y), sampler=RandomSampler(range(N), replacement=True)), range(N), "replacement"),
        (DataLoader(TensorDataset(X, Y), sampler=WeightedRandomSampler([0, 1] * 20, 9)), range(1, N, 2), "weights"),
        (DataLoader(TensorDataset(X, Y), sampler=Endless()), [1, 2, 3], "several times"),
        (DataLoader(TensorDataset(X, Y), batch_sampler=[[5, 2], [9]]), [2, 5, 9], ""),
        (
            DataLoader(TensorDataset(X, Y), batch_sampler=BatchSampler(SubsetRandomSampler([8, 3]), 2, False)),
            [3, 8],
            "",
        ),
        (DataLoader(TensorDataset(X, Y), sampler=[7, 7, 1]), [1, 7], "several times"),
    ],
)
def test_a_loader_shows_the_samples_that_it_gives(loader, kept, said):
    data = Data(loader)
    assert torch.equal(data.batch(range(len(data))).args[0], X[list(kept)])
    assert data.labels.tolist() == Y[list(kept)].tolist()
    assert said in data.note
    assert bool(said) == bool(data.note)


def test_looking_does_not_move_the_order_in_which_the_loader_goes_on():
    def order(look):
        generator = torch.Generator().manual_seed(3)
        loader = DataLoader(range(N), sampler=Shuffled(generator), batch_size=N)
        if look:
            Data(loader)
        return next(iter(loader)).tolist()

    class Shuffled(Sampler):
        def __init__(self, generator):
            self.generator = generator

        def __iter__(self):
            return iter(torch.randperm(N, generator=self.generator).tolist())

    assert order(look=True) == order(look=False)


class Bulk(Dataset):
    def __len__(self):
        return N

    def __getitem__(self, indices):
        return X[indices], Y[indices]


def test_data_that_is_read_in_bulk():
    loader = DataLoader(Bulk(), sampler=BatchSampler(SequentialSampler(range(N)), 8, False), batch_size=None)
    data = Data(loader)
    assert len(data) == N
    assert torch.equal(data.batch([9, 4]).args[0], X[[9, 4]])


class Opened(Dataset):
    """A data set that opens its file in the worker."""

    file = None

    def __len__(self):
        return N

    def __getitem__(self, i):
        return self.file[i], int(Y[i])


class Lazy(Opened):
    def __getitem__(self, i):
        if self.file is None:
            assert get_worker_info() is not None
            self.file = X
        return super().__getitem__(i)


def opening(_):
    held = get_worker_info().dataset
    getattr(held, "dataset", held).file = X


@pytest.mark.parametrize(
    ("dataset", "begin"),
    [(Opened(), opening), (Subset(Opened(), range(N)), opening), (Lazy(), None)],
)
def test_a_data_set_that_opens_its_file_in_the_worker(dataset, begin):
    loader = DataLoader(dataset, batch_size=4, num_workers=1, worker_init_fn=begin)
    assert torch.equal(Data(loader).batch([6, 2]).args[0], X[[6, 2]])
    # What is open here would be shared with the workers of a training.
    assert getattr(dataset, "dataset", dataset).file is None
    assert get_worker_info() is None


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (WORDS, WORDS),
        (tuple(WORDS), WORDS),
        (np.array(WORDS), WORDS),
        (pd.Index(WORDS), WORDS),
        (dict(enumerate(WORDS)), WORDS),
        ({str(number): name for number, name in enumerate(WORDS)}, WORDS),
        ({name: number for number, name in enumerate(WORDS)}, WORDS),
        ({0: "ant", 3: "dog"}, ["ant", "1", "2", "dog"]),
        ([("ant", "emmet"), ("bee",), "cat", "dog"], ["ant, emmet", "bee", "cat", "dog"]),
    ],
)
def test_names_of_classes(given, names):
    data = Data((X, Y), classes=given)
    assert data.classes == names
    assert Data(Rows(lambda i: (X[i], int(Y[i])), classes=given)).classes == names
    assert Data(Subset(Rows(lambda i: (X[i], int(Y[i])), classes=given), [3, 1])).classes == names


def test_fewer_names_than_classes():
    data = Data((X, Y), classes=["ant", "bee"])
    assert [data.class_name(label) for label in range(4)] == ["ant", "bee", "2", "3"]
    assert 4 in data.columns
    assert 64 not in data.columns


def test_labels_from_one():
    data = Data((X, Y + 1))
    data.settle([4])
    assert data.labels.tolist() == Y.tolist()
    assert data.batch([0, 3]).labels.tolist() == Y[[0, 3]].tolist()
    assert data.classes == ["1", "2", "3", "4"]
    assert "count from 1" in data.note
    assert Data((X, Y + 1), classes=WORDS).labels.tolist() == Y.tolist()
    other = Data((X, Y + 1))
    other.settle([5])
    assert other.labels.tolist() == (Y + 1).tolist()


def test_labels_can_be_given():
    assert Data(X, labels=Y).labels.tolist() == Y.tolist()
    assert Data(X, labels=NAMES).classes == WORDS
    assert Data(X, labels=NAMES, classes=WORDS[::-1]).labels.tolist() == (3 - Y).tolist()
    two = Rows(lambda i: (X[i], int(Y[i]), int(3 - Y[i])))
    assert "labels=2" in Data(two).note
    assert Data(two, labels=2).labels[0] == 3 - Y[0]
    with pytest.raises(DataError, match="labels='other': a batch of Rows has the parts 0, 1, 2"):
        Data(two, labels="other")
    with pytest.raises(DataError, match="one number or name for each of the 40 samples"):
        Data(X, labels=Y[:3])
    with pytest.raises(DataError, match="'ant' is not among classes"):
        Data(X, labels=NAMES, classes=["bee", "cat", "dog"])


FORM_OF_LABELS = {
    "int": torch.tensor,
    "column": lambda y: torch.tensor(y)[:, None],
    "one-hot": lambda y: torch.eye(max(y) + 1)[y],
    "array": np.array,
    "list": list,
    "names": lambda y: [f"class {label}" for label in y],
}
ORDER = {
    "as it is": lambda data: DataLoader(data, batch_size=3),
    "shuffled": lambda data: DataLoader(data, batch_size=3, shuffle=True),
    "the data set": lambda data: data,
    "in part": lambda data: DataLoader(data, batch_size=2, sampler=SubsetRandomSampler(range(len(data)))),
}


@settings(max_examples=60, deadline=None)
@given(
    labels=st.lists(st.integers(0, 4), min_size=6, max_size=20).filter(lambda y: len(set(y)) > 1),
    form=st.sampled_from(sorted(FORM_OF_LABELS)),
    order=st.sampled_from(sorted(ORDER)),
    index=st.sampled_from(["none", "before", "after"]),
    as_dict=st.booleans(),
)
def test_labels_are_those_of_a_plain_loop_over_the_loader(labels, form, order, index, as_dict):
    column = FORM_OF_LABELS[form](labels)

    def sample(i):
        parts = {"image": X[i], "label": column[i]}
        if index != "none":
            extra = {"index": i}
            parts = {**parts, **extra} if index == "after" else {"image": X[i], **extra, "label": column[i]}
        return parts if as_dict else tuple(parts.values())

    data = Data(ORDER[order]([sample(i) for i in range(len(labels))]), takes=takes(Takes1()))
    seen = [int(data.batch([i]).labels[0]) for i in range(len(labels))]
    if form == "names":
        assert [data.classes[label] for label in seen] == list(column)
    elif form == "list":
        assert seen == list(labels)
    else:
        # One-hot rows and numbers alike: by a plain loop, sample by sample.
        assert seen == labels
    assert torch.equal(data.batch([len(labels) - 1, 0]).args[0], X[[len(labels) - 1, 0]])


OUTPUT = {
    "logits": lambda z: z,
    "probabilities": lambda z: z.softmax(1),
    "log-probabilities": lambda z: z.log_softmax(1),
    "in half precision": lambda z: z.bfloat16(),
    "with features": lambda z: (z, z.new_zeros(len(z), 7)),
    "features first": lambda z: (z.new_zeros(len(z), 7), z),
    "in a dict": lambda z: {"hidden": z.new_zeros(len(z), 2, 3), "logits": z},
    "two heads": lambda z: (z, -z),
}


class Scores(nn.Module):
    def __init__(self, output):
        super().__init__()
        self.pool, self.fc, self.output = nn.AdaptiveAvgPool2d(1), nn.Linear(3, 5), output
        with torch.no_grad():
            self.fc.weight.copy_(20 * torch.randn(5, 3, generator=torch.Generator().manual_seed(0)))

    def forward(self, image):
        return OUTPUT[self.output](self.fc(self.pool(image).flatten(1)))


@settings(max_examples=60, deadline=None)
@given(
    labels=st.lists(st.integers(0, 4), min_size=6, max_size=20).filter(lambda y: len(set(y)) > 1),
    output=st.sampled_from(sorted(OUTPUT)),
    order=st.sampled_from(sorted(ORDER)),
    as_dict=st.booleans(),
)
def test_the_accuracy_is_that_of_a_plain_loop_over_the_loader(labels, output, order, as_dict):
    samples = [{"image": X[i], "label": y} if as_dict else (X[i], y) for i, y in enumerate(labels)]
    model = Scores(output).eval()
    data = ORDER[order](samples)
    with torch.no_grad():
        scores = Scores("logits").eval()
        scores.load_state_dict(model.state_dict())
        right = [int(scores(X[i : i + 1]).argmax()) == y for i, y in enumerate(labels)]
    with Inspector(model, data, classes=list("abcde")) as inspector:
        list(inspector.predict())
        assert inspector.predictions.accuracy.correct == sum(right)
        assert inspector.predictions.accuracy.labelled == len(labels)
