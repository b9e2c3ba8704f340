"""Makes the images beside it and, in expected/, their decoding by Pillow (13.0.0).

If libjpeg-turbo's djpeg is installed, its decoding is compared: it is the same for every JPEG here.

Run from anywhere with Pillow and numpy installed: python3 make.py [PngSuite folder]
With the folder, it also makes expected/pngsuite.png: its images in order of name, below each other.
"""

import io
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps
from PIL.PngImagePlugin import PngInfo

here = Path(__file__).parent
expected = here / "expected"
expected.mkdir(exist_ok=True)
width, height = 61, 43


def test_image(width=width, height=height):
    """Gradients, a disc and hard edges, which show chroma subsampling and odd sides."""
    y, x = np.mgrid[0:height, 0:width]
    red = 255 * x / (width - 1)
    green = 255 * y / (height - 1)
    blue = 128 + 127 * np.sin(x / 5) * np.cos(y / 7)
    rgb = np.stack([red, green, blue], axis=-1)
    rgb[(x - width * 0.6) ** 2 + (y - height * 0.5) ** 2 < (height / 4) ** 2] = (230, 40, 60)
    rgb[height // 8 : height // 4, width // 8 : width // 3] = (20, 200, 90)
    return Image.fromarray(rgb.round().astype(np.uint8))


def over_white(image):
    """RGB of an image with transparency. Pillow clips 16-bit grey; its high byte is right."""
    if image.mode == "I;16":
        samples = np.array(image)
        rgb = np.repeat((samples >> 8).astype(np.uint8)[..., None], 3, axis=-1)
        rgb[samples == image.info.get("transparency", -1)] = 255
        return Image.fromarray(rgb)
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image.convert("RGBA"))
    return white.convert("RGB")


def expect(name, image):
    image.save(expected / f"{Path(name).stem}.png", optimize=True)


def tiff(orientation, order):
    """An EXIF block with an orientation and nothing else."""
    mark = {"<": b"II", ">": b"MM"}[order]
    return mark + struct.pack(order + "HIHHHIHHI", 42, 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def write_png(name, depth, colour_type, rows, chunks=(), size=(width, height)):
    """A PNG by hand, for the kinds Pillow does not write."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", *size, depth, colour_type, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows), 9)
    (here / name).write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + b"".join(chunk(*each) for each in chunks)
        + chunk(b"IDAT", data)
        + chunk(b"IEND", b"")
    )


def make_jpegs():
    base = test_image()
    kinds = {
        "baseline-444": dict(subsampling="4:4:4"),
        "baseline-422": dict(subsampling="4:2:2"),
        "baseline-420": dict(subsampling="4:2:0"),
        "progressive-420": dict(subsampling="4:2:0", progressive=True),
        "restart": dict(subsampling="4:2:0", restart_marker_blocks=2),
        "rgb": dict(keep_rgb=True),
    }
    for name, options in kinds.items():
        base.save(here / f"{name}.jpg", quality=88, **options)
    base.convert("L").save(here / "grey.jpg", quality=88)
    base.convert("L").save(here / "grey-progressive.jpg", quality=88, progressive=True)

    rgb = np.array(base).astype(int)
    black = 255 - rgb.max(axis=-1)
    ink = np.concatenate([255 - black[..., None] - rgb, black[..., None]], axis=-1)
    cmyk = Image.fromarray(ink.clip(0, 255).astype(np.uint8), "CMYK")
    cmyk.save(here / "cmyk.jpg", quality=88)

    # Adobe stores CMYK inverted. YCCK is the same with 255 - CMY converted like RGB, and a 2 in the
    # Adobe marker. Pillow inverts its input once more.
    ink = np.array(cmyk)
    luma = np.array(Image.fromarray(ink[..., :3]).convert("YCbCr"))
    stored = np.concatenate([luma, 255 - ink[..., 3:]], axis=-1)
    Image.fromarray(255 - stored, "CMYK").save(here / "ycck.jpg", quality=88)
    data = (here / "ycck.jpg").read_bytes()
    adobe = data.index(b"Adobe") + 11
    (here / "ycck.jpg").write_bytes(data[:adobe] + b"\2" + data[adobe + 1 :])

    base.save(here / "orientation-6.jpg", quality=88, exif=b"Exif\0\0" + tiff(6, "<"))

    others = ["grey", "grey-progressive", "cmyk", "ycck", "orientation-6"]
    for path in sorted(here / f"{name}.jpg" for name in [*kinds, *others]):
        expect(path.name, ImageOps.exif_transpose(Image.open(path)).convert("RGB"))
    for scale in (2, 4, 8):
        image = Image.open(here / "baseline-420.jpg")
        image.draft("RGB", (width // scale, height // scale))
        expect(f"baseline-420-scale-{scale}", image)


def make_pngs():
    base = test_image()
    gamma = (b"gAMA", struct.pack(">I", 45455))
    alpha = Image.fromarray(np.tile(np.linspace(0, 255, width).astype(np.uint8), (height, 1)))
    rgba = np.dstack([np.array(base), np.array(alpha)])
    write_png("rgba-gamma.png", 8, 6, rgba, [gamma])

    indexed = base.quantize(16)
    indexed.save(here / "palette-alpha.png", transparency=bytes(range(0, 256, 17)), optimize=True)

    # One value is transparent; its neighbour in the low byte is not.
    deep = (np.array(base).astype(">u2") * 257).astype(">u2")
    grey = deep[..., 0].copy()
    grey[:9, :9], grey[:9, 9:18] = 0x8012, 0x8013
    write_png("grey-16-key.png", 16, 0, grey, [(b"tRNS", struct.pack(">H", 0x8012))])
    key = (0x1122, 0x3344, 0x5566)
    deep[:9, :9], deep[:9, 9:18] = key, (key[0], key[1], key[2] + 1)
    write_png("rgb-16-key.png", 16, 2, deep, [(b"tRNS", struct.pack(">HHH", *key))])

    turns = [None, None] + [
        getattr(Image.Transpose, name)
        for name in "FLIP_LEFT_RIGHT ROTATE_180 FLIP_TOP_BOTTOM TRANSPOSE ROTATE_90 "
        "TRANSVERSE ROTATE_270".split()
    ]
    small = test_image(13, 7)
    for orientation in range(1, 9):
        turn = turns[orientation]
        stored = small if turn is None else small.transpose(turn)
        exif = tiff(orientation, "<>"[orientation % 2])
        stored.save(here / f"orientation-{orientation}.png", exif=exif)

    for name in ("rgba-gamma.png", "palette-alpha.png", "grey-16-key.png"):
        expect(name, over_white(Image.open(here / name)))
    # Pillow compares 16-bit keys by their low bytes, so this one is computed.
    rgb = (deep >> 8).astype(np.uint8)
    rgb[(deep == key).all(axis=-1)] = 255
    expect("rgb-16-key", Image.fromarray(rgb))
    for orientation in range(1, 9):
        name = f"orientation-{orientation}.png"
        upright = ImageOps.exif_transpose(Image.open(here / name))
        assert upright.tobytes() == small.tobytes(), name
    expect("upright", small)

    text = PngInfo()
    text.add_text("Title", "Caf\u00e9")  # tEXt, Latin-1
    text.add_text("parameters", "steps: 30\nseed: 7 " * 9, zip=True)  # zTXt
    text.add_itxt("prompt", "\u732b \U0001f431 caf\u00e9")
    text.add_itxt("negative", "\u72ac " * 30, zip=True)
    small.save(here / "text.png", pnginfo=text)


def djpeg(path):
    ppm = subprocess.run(["djpeg", "-ppm", path], check=True, capture_output=True).stdout
    return Image.open(io.BytesIO(ppm)).convert("RGB")


def make_camera():
    """A smooth, and so small, JPEG of 12 megapixels; every 37th pixel is expected."""
    y, x = np.mgrid[0:3000, 0:4000]
    rgb = np.dstack([128 + 100 * np.sin(x / 900), 128 + 100 * np.cos(y / 700), (x + y) / 28])
    camera = here / "camera.jpg"
    Image.fromarray(rgb.round().astype(np.uint8)).save(
        camera, quality=15, subsampling="4:2:0", progressive=True)
    decoded = djpeg(camera) if shutil.which("djpeg") else Image.open(camera)
    expect("camera", Image.fromarray(np.array(decoded)[::37, ::37]))


def compare_with_djpeg():
    for path in sorted(set(here.glob("*.jpg")) - {here / "absurd.jpg", here / "orientation-6.jpg"}):
        found = np.array(djpeg(path)), np.array(Image.open(path).convert("RGB"))
        assert (found[0] == found[1]).all(), path


def make_profiles():
    """One profile of each kind of description, whole and broken."""
    small = test_image(13, 7)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()  # mluc
    srgb = srgb[:24] + bytes(12) + srgb[36:]  # without the date
    small.save(here / "profile-srgb.jpg", icc_profile=srgb)
    name = b"Wide Gamut Test\0"
    tag = b"desc" + struct.pack(">II", 0, len(name)) + name + bytes(78)
    tags = struct.pack(">I", 1) + b"desc" + struct.pack(">II", 144, len(tag))
    head = bytearray(128)
    head[8], head[36:40] = 2, b"acsp"
    head[12:24] = b"mntrRGB XYZ "
    head[68:80] = struct.pack(">III", 0xF6D6, 0x10000, 0xD32D)
    wide = bytes(head) + tags + tag + bytes(-len(tag) % 4)
    wide = struct.pack(">I", len(wide)) + wide[4:]
    small.save(here / "profile-wide.png", icc_profile=wide)
    small.save(here / "profile-wide.jpg", icc_profile=wide)
    small.save(here / "profile-broken.png", icc_profile=b"not a profile")
    small.save(here / "profile-broken.jpg", icc_profile=b"not a profile")


def make_resized():
    """An image and Pillow's scaling of it: smaller, larger, and much lower than narrower."""
    test_image().save(here / "resize.png", optimize=True)
    for name, size in {"down": (16, 12), "up": (67, 47), "tall": (40, 9)}.items():
        expect(f"resized-{name}", test_image().resize(size, Image.Resampling.BICUBIC))


def make_absurd():
    """Small files that claim to be huge."""
    write_png("absurd.png", 8, 2, np.zeros((1, 8), np.uint8), size=(100_000, 100_000))
    data = bytearray((here / "baseline-420.jpg").read_bytes())
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", 65_500, 65_500)
    (here / "absurd.jpg").write_bytes(data)


def make_pngsuite(folder):
    images = [over_white(Image.open(path)) for path in sorted(folder.glob("*.png"))]
    sheet = Image.new("RGB", (32, 32 * len(images)))
    for index, image in enumerate(images):
        sheet.paste(image, (0, 32 * index))
    expect("pngsuite", sheet)


make_jpegs()
make_pngs()
make_absurd()
make_camera()
make_profiles()
make_resized()
if shutil.which("djpeg"):
    compare_with_djpeg()
if len(sys.argv) > 1:
    make_pngsuite(Path(sys.argv[1]))
