"""Configurations that cannot be meant: what is written, and what the line must say."""

from __future__ import annotations

from typing import NamedTuple


class Value(NamedTuple):
    """A wrong ``dissect.toml``.

    Attributes:
        old: text of the small site's configuration.
        new: what stands there instead.
        words: of the line.
        code: of the exit.
    """

    old: str
    new: str
    words: str
    code: int = 2


PROBE = 'images = "photos"'
LAYERS = '["conv1", "conv2"]'
END = "batch_size = 5"

VALUES: tuple[Value, ...] = (
    Value('title = "Small"', "title = 7", "title must be a text"),
    Value('title = "Small"', 'title = ""', "title must be a text"),
    Value('title = "Small"', 'tilte = "Small"', "did you mean 'title'"),
    Value('title = "Small"', 'title = "Small', "not valid TOML"),
    Value("[model]", "[model", "not valid TOML"),
    Value("[model]", "[modle]", "did you mean 'model'"),
    Value("[model]", "model = 3\n[x]", "unknown key 'x'"),
    Value("[probe]", "[[probe]]", "[probe] must be a table"),
    Value("[dissection]", "[disection]", "did you mean 'dissection'"),
    Value("[compute]", "[computer]", "did you mean 'compute'"),
    Value("[[segmenter]]", "[segmentor]", "did you mean 'segmenter'"),
    Value('source = "net.py:factory"\n', "", "[model] source is missing"),
    Value('source = "net.py:factory"', 'source = "a\\u0000.py:factory"', "zero byte"),
    Value(LAYERS, LAYERS + '\noutput = "a\\u0000"', "zero byte"),
    Value('source = "net.py:factory"', "source = 3", "[model] source = 3: expected str"),
    Value('source = "net.py:factory"', 'source = ["a", "b"]', "expected str, not list"),
    Value('source = "net.py:factory"', 'source = "net.py"', "names no factory"),
    Value('source = "net.py:factory"', 'source = "net.py:no-name"', "not file.py:factory", 1),
    Value('source = "net.py:factory"', 'source = "net.py:factry"', "did you mean 'factory'", 1),
    Value('source = "net.py:factory"', 'source = "nut.py:factory"', "no such file", 1),
    Value('source = "net.py:factory"', 'source = "no_such_module_x:factory"', "no module is called", 1),
    Value('source = "net.py:factory"', 'source = "torchvision:resnet19"', "resnet18", 1),
    Value('source = "net.py:factory"', 'source = "torchvision:resnet18@NOPE"', "NOPE", 1),
    Value('source = "net.py:factory"', 'source = "net.py:Blocks"', "Blocks", 1),
    Value(LAYERS, "[3]", "expected str, not int"),
    Value(LAYERS, '["conv9"]', "did you mean", 1),
    Value(LAYERS, '["head"]', "cannot be dissected", 1),
    Value(LAYERS, '["nothing*"]', "nothing*", 1),
    Value(LAYERS, LAYERS + '\nkind = "classifer"', "did you mean"),
    Value(LAYERS, LAYERS + '\nkind = "generator"', "images"),
    Value(LAYERS, LAYERS + '\nweights = "none.safetensors"', "none.safetensors", 1),
    Value(LAYERS, LAYERS + '\nweights_key = "ema"', "weights_key"),
    Value(LAYERS, LAYERS + '\nclasses = "none.txt"', "none.txt", 1),
    Value(LAYERS, LAYERS + '\nclasses = "concepts.csv"', "concepts.csv", 1),
    Value(LAYERS, LAYERS + "\noutput = 7", "output", 1),
    Value(LAYERS, LAYERS + '\noutput = "aux"', "aux", 1),
    Value(LAYERS, LAYERS + '\ndecision = "softmax"', "decision"),
    Value(LAYERS, LAYERS + '\nallow_pickle = "yes"', "expected bool, not str"),
    Value(LAYERS, LAYERS + "\noutput_range = [1.0, -1.0]", "output_range"),
    Value(LAYERS, LAYERS + '\ndepends = ["none.py"]', "none.py", 1),
    Value("mean = [0.5, 0.5, 0.5]", "mean = [0.5, 0.5]", "mean and std differ in length"),
    Value("mean = [0.5, 0.5, 0.5]", "mean = [inf, 0.5, 0.5]", "expected a finite number"),
    Value("mean = [0.5, 0.5, 0.5]", 'mean = "half"', "mean"),
    Value("std = [0.5, 0.5, 0.5]", "std = [0.5, 0.0, 0.5]", "std must be above 0"),
    Value("std = [0.5, 0.5, 0.5]", "std = [0.5, -0.5, 0.5]", "std must be above 0"),
    Value(PROBE, "", "images is missing"),
    Value(PROBE, 'images = ""', "images is empty"),
    Value(PROBE, "images = []", "images is missing"),
    Value(PROBE, 'images = "fotos"', "fotos", 1),
    Value(PROBE, 'images = "net.py"', "net.py", 1),
    Value(PROBE, 'images = ["photos", "photos"]', "names a folder twice"),
    Value(PROBE, PROBE + '\ngroups = "none.csv"', "none.csv", 1),
    Value(PROBE, PROBE + '\ngroups = "concepts.csv"', "image,group", 1),
    Value(PROBE, PROBE + "\nlimit = -1", "limit must be 0"),
    Value(PROBE, PROBE + "\nlimit = 1", "at least 2 are needed", 1),
    Value(PROBE, PROBE + "\nlimit = 2.5", "expected int, not float"),
    Value(PROBE, PROBE + "\nlimit = true", "expected int, not bool"),
    Value(PROBE, PROBE + "\nseed = -1", "seed must lie between"),
    Value(PROBE, PROBE + "\nlatents = 1", "latents must be at least 2"),
    Value(PROBE, PROBE + "\nfull_scale = -1.0", "full_scale must be 0"),
    Value(PROBE, PROBE + '\nresize_mode = "crop"', "short_side"),
    Value("crop = 32", "crop = 0", "crop above 0"),
    Value("crop = 32", "crop = 41", "resize must be at least crop"),
    Value("crop = 32", "crop = -8", "crop above 0"),
    Value("crop = 32", 'crop = "32"', "expected int, not str"),
    Value("crop = 32", "crop = 32\nreszie = 40", "did you mean"),
    Value("resize = 40", "resize = 100000000", "resize"),
    Value('source = "net.py:blocks"\nconcepts = "concepts.csv"', "", "source is missing"),
    Value('source = "net.py:blocks"', 'source = "net.py:blcks"', "did you mean 'blocks'", 1),
    Value('source = "net.py:blocks"', 'source = "masks:none"', "none", 1),
    Value('source = "net.py:blocks"', 'source = "masks:none.json"', "none.json", 1),
    Value('source = "net.py:blocks"', 'source = "colour"', "color", 1),
    Value('source = "net.py:blocks"', 'source = "torchvision:fcn_resnet51"', "random weights", 1),
    Value('source = "net.py:blocks"', 'source = "net.py:factory"', "not logits", 1),
    Value('concepts = "concepts.csv"', 'concepts = "none.csv"', "none.csv", 1),
    Value('concepts = "concepts.csv"', 'concepts = "net.py"', "net.py", 1),
    Value('concepts = "concepts.csv"', 'concepts = "concepts.csv"\nunlabelled = "none"', "unlabelled"),
    Value("grid = 16", "grid = -1", "grid must be 0"),
    Value("grid = 16", "grid = 5000", "at most 1024"),
    Value("quantile = 0.05", "quantile = 0.0", "between 0 and 1"),
    Value("quantile = 0.05", "quantile = 1.0", "between 0 and 1"),
    Value("quantile = 0.05", "quantile = nan", "finite"),
    Value("quantile = 0.05", 'quantile = "small"', "expected float, not str"),
    Value("quantile = 0.05", "quantile = 0.05\niou_threshold = 1.0", "below 1"),
    Value("quantile = 0.05", "quantile = 0.05\niou_threshold = -0.1", "at least 0"),
    Value("quantile = 0.05", "quantile = 0.05\nseed = -3", "seed must be 0"),
    Value("quantile = 0.05", 'quantile = 0.05\nupsampling = "nearest"', "upsampling = 'nearest'"),
    Value("quantile = 0.05", 'quantile = 0.05\nregistration = "centre"', "did you mean 'center'"),
    Value("top_images = 4", "top_images = 0", "1 to 100"),
    Value("top_images = 4", "top_images = 101", "1 to 100"),
    Value(END, "batch_size = 0", "above 0"),
    Value(END, "batch_size = 70_000", "at most 65,536"),
    Value(END, END + "\ncache_gb = -1.0", "cache_gb must be 0"),
    Value('device = "cpu"', 'device = "cuda:7"', "cuda:7"),
    Value('device = "cpu"', 'device = "gpu"', "gpu"),
    Value('device = "cpu"', 'device = ""', "device"),
    Value(END, END + '\n[ablation]\nclasses = ["nobody"]', "nobody"),
    Value(END, END + '\n[ablation]\nlayers = ["conv9"]', "conv9", 1),
    Value(END, END + "\n[ablation]\nset_sizes = [0]", "set_sizes"),
    Value(END, END + '\n[ablation]\nset_sizes = ["150%"]', "set_sizes"),
    Value(END, END + '\n[ablation]\nreplacement = "noise"', "replacement"),
    Value(END, END + "\n[ablation]\nreplacement_quantile = 2.0", "replacement_quantile"),
    Value(END, END + "\n[ablation]\nmemory_gb = 0.0", "memory_gb"),
    Value(END, END + '\n[ablation]\nrank_images = ["none"]', "none", 1),
    Value(END, END + '\n[ablation.sets]\nmine = ["conv2:99"]', "mine"),
    Value(END, END + '\n[ablation.class_groups]\nmine = ["nobody"]', "mine"),
    Value(END, END + "\n[generation]", "is for [model] kind"),
    Value(END, END + '\n[photo]\nlayer = "conv9"', "conv9", 1),
    Value(END, END + "\n[photo]\nphotos = -1", "photos"),
    Value(END, END + "\n[photo]\nmax_mb = -1.0", "max_mb"),
    Value(END, END + '\n[site]\nimages = "no"', "expected bool"),
    Value(END, END + '\n[site]\ncolour = "red"', "colour"),
    Value(END, END + '\n[site]\nurl = "javascript:alert(1)"', "an address begins with"),
    Value(END, END + '\n[[run]]\nname = "x"', "[[run]] tables"),
)
