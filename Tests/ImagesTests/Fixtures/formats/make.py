"""Makes the images beside it and, in expected/, their decoding by Pillow (13.0.0).

Run from anywhere, with Pillow, numpy, pillow-heif (1.8.1) and tifffile: python3 make.py
"""

import io
import struct
from pathlib import Path

import numpy as np
import pillow_heif
import tifffile
from PIL import Image, ImageCms, ImageOps

from profiles import adobe_rgb, display_p3, grey, ink

here = Path(__file__).parent
expected = here / "expected"
expected.mkdir(exist_ok=True)
width, height = 61, 43
pillow_heif.register_heif_opener()


def picture(width=width, height=height):
    """Gradients, a disc and hard edges, which show chroma subsampling and odd sides."""
    y, x = np.mgrid[0:height, 0:width]
    rgb = np.stack([
        255 * x / (width - 1), 255 * y / (height - 1), 128 + 127 * np.sin(x / 5) * np.cos(y / 7)
    ], axis=-1)
    rgb[(x - width * 0.6) ** 2 + (y - height * 0.5) ** 2 < (height / 4) ** 2] = (230, 40, 60)
    rgb[height // 8 : height // 4, width // 8 : width // 3] = (20, 200, 90)
    return Image.fromarray(rgb.round().astype(np.uint8))


def smooth():
    """Without edges, where decoders spread subsampled chroma differently."""
    y, x = np.mgrid[0:height, 0:width]
    rgb = np.stack([60 + 2 * x, 80 + 2 * y, 120 + x - y], axis=-1)
    return Image.fromarray(rgb.astype(np.uint8))


def with_alpha(image):
    ramp = np.tile(np.linspace(0, 255, image.width).astype(np.uint8), (image.height, 1))
    return Image.fromarray(np.dstack([np.array(image.convert("RGB")), ramp]))


def over_white(image):
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image.convert("RGBA"))
    return white.convert("RGB")


def expect(name, image):
    image.save(expected / f"{name.replace('.', '-')}.png", optimize=True)


def expect_pillow(*names):
    for name in names:
        with Image.open(here / name) as image:
            expect(name, over_white(ImageOps.exif_transpose(image)))


base, edges = picture(), with_alpha(picture())
exif = Image.Exif()
exif[0x0112] = 6


def make_webp():
    base.save(here / "lossless.webp", lossless=True)
    edges.save(here / "lossless-alpha.webp", lossless=True, exact=True)
    smooth().save(here / "lossy.webp", quality=90)
    with_alpha(smooth()).save(here / "lossy-alpha.webp", quality=90)
    base.save(here / "turned.webp", lossless=True, exif=exif)
    base.save(
        here / "animated.webp", lossless=True, save_all=True, duration=100,
        append_images=[ImageOps.invert(base)])
    expect_pillow(
        "lossless.webp", "lossless-alpha.webp", "lossy.webp", "lossy-alpha.webp", "turned.webp",
        "animated.webp")


def write_tiff(name, samples, **options):
    tifffile.imwrite(here / name, samples, metadata=None, software=False, **options)


def make_tiff():
    kinds = {"raw": None, "lzw": "tiff_lzw", "deflate": "tiff_adobe_deflate", "packbits": "packbits"}
    for name, compression in kinds.items():
        base.save(here / f"{name}.tif", compression=compression)
    smooth().save(here / "jpeg.tif", compression="jpeg", quality=95)
    bits = base.convert("1")
    bits.save(here / "bits.tif")
    bits.save(here / "group4.tif", compression="group4")
    base.convert("L").save(here / "grey.tif")
    base.quantize(16).save(here / "palette.tif")
    base.convert("CMYK").save(here / "cmyk.tif", compression="tiff_lzw")
    edges.save(here / "alpha.tif", compression="tiff_lzw")
    edges.convert("LA").save(here / "grey-alpha.tif")
    base.save(here / "pages.tif", save_all=True, append_images=[ImageOps.invert(base)])
    base.save(here / "big-tiff.tif", big_tiff=True)
    rgb = np.array(base)
    write_tiff("tiled.tif", rgb, tile=(16, 32), photometric="rgb")
    write_tiff("planar.tif", rgb.transpose(2, 0, 1), planarconfig="separate", photometric="rgb")
    write_tiff("big-endian.tif", rgb, byteorder=">", photometric="rgb", rowsperstrip=5)
    write_tiff("inverted.tif", 255 - rgb[..., 0], photometric="miniswhite")
    deep = (rgb.astype(int) * 257 - (rgb > 0) * 100).astype(np.uint16)
    write_tiff("deep.tif", deep, photometric="rgb", byteorder=">", compression="deflate")
    write_tiff("deep-grey.tif", deep[..., 1], photometric="minisblack")
    write_tiff("float.tif", rgb.astype(np.float32) / 255, photometric="rgb")
    for orientation in (2, 5, 6, 7, 8):
        write_tiff(
            f"turned-{orientation}.tif", rgb, photometric="rgb",
            extratags=[(274, 3, 1, orientation, True)])
    alpha = np.array(edges).astype(int)
    alpha[..., :3] = (alpha[..., :3] * alpha[..., 3:] + 127) // 255
    write_tiff(
        "premultiplied.tif", alpha.astype(np.uint8), photometric="rgb", extrasamples=["assocalpha"])
    expect_pillow(
        "raw.tif", "lzw.tif", "deflate.tif", "packbits.tif", "jpeg.tif", "bits.tif", "group4.tif",
        "grey.tif", "palette.tif", "cmyk.tif", "alpha.tif", "grey-alpha.tif", "pages.tif",
        "big-tiff.tif", "tiled.tif", "planar.tif", "big-endian.tif", "premultiplied.tif",
        *(f"turned-{orientation}.tif" for orientation in (2, 5, 6, 7, 8)))
    # Pillow reads the first without its inversion, clips 16-bit grey, and has no 16-bit RGB from planes.
    inverted = Image.fromarray(rgb[..., 0]).convert("RGB")
    expect("inverted.tif", inverted)
    expect("deep.tif", Image.fromarray((deep >> 8).astype(np.uint8)))
    expect("deep-grey.tif", Image.fromarray((deep[..., 1] >> 8).astype(np.uint8)).convert("RGB"))


def make_png():
    base.save(here / "animated.png", save_all=True, duration=100, append_images=[ImageOps.invert(base)])
    expect_pillow("animated.png")


def make_gif():
    indexed = base.quantize(64)
    indexed.save(here / "plain.gif", interlace=False)
    indexed.save(here / "interlaced.gif", interlace=True)
    indexed.save(here / "transparent.gif", transparency=3)
    frames = [ImageOps.invert(base).quantize(16)]
    indexed.save(here / "animated.gif", save_all=True, append_images=frames, duration=100)
    expect_pillow("plain.gif", "interlaced.gif", "transparent.gif", "animated.gif")

    # A frame at (5, 3) of a larger screen. Browsers leave the rest transparent; Pillow gives it the
    # first colour.
    data = bytearray((here / "plain.gif").read_bytes())
    data[6:10] = struct.pack("<HH", width + 9, height + 8)
    frame = data.index(b"\x2c" + struct.pack("<HHHH", 0, 0, width, height))
    data[frame + 1 : frame + 5] = struct.pack("<HH", 5, 3)
    (here / "small-frame.gif").write_bytes(data)
    screen = Image.new("RGB", (width + 9, height + 8), "white")
    screen.paste(indexed.convert("RGB"), (5, 3))
    expect("small-frame.gif", screen)


def write_bmp(name, bits, rows, compression=0, palette=b"", masks=b"", size=40, tall=height):
    info = struct.pack(
        "<IiiHHIIiiII", size, width, tall, 1, bits, compression, 0, 2835, 2835, len(palette) // 4, 0)
    info += masks + bytes(max(size - 40 - len(masks), 0))
    start = 14 + len(info) + len(palette)
    head = b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start)
    (here / name).write_bytes(head + info + palette + rows)


def lines(samples):
    """Rows from bottom to top, each filled to four bytes."""
    return b"".join(row + bytes(-len(row) % 4) for row in (row.tobytes() for row in samples[::-1]))


def run_lengths(rows, half):
    """Runs, and every third time literal indices."""
    data = bytearray()
    for row in rows[::-1]:
        x = 0
        while x < len(row):
            count = 1
            while x + count < len(row) and row[x + count] == row[x] and count < 255:
                count += 1
            if count < 3 and len(row) - x >= 5:
                part = list(row[x : x + 5])
                data += bytes([0, 5])
                if half:
                    data += bytes([part[0] << 4 | part[1], part[2] << 4 | part[3], part[4] << 4, 0])
                else:
                    data += bytes(part) + b"\0"
                x += 5
            else:
                value = int(row[x])
                data += bytes([count, value << 4 | value if half else value])
                x += count
        data += b"\0\0"
    return bytes(data[:-2] + b"\0\1")


def make_bmp():
    base.save(here / "rgb.bmp")
    base.convert("1").save(here / "bits.bmp")
    base.convert("L").save(here / "grey.bmp")
    base.quantize(200).save(here / "palette.bmp")
    indexed = base.quantize(16)
    colors = np.array(indexed.getpalette()[:48], np.uint8).reshape(16, 3)
    palette = np.dstack([colors[:, ::-1][None], np.zeros((1, 16, 1), np.uint8)]).tobytes()
    indices = np.array(indexed)
    padded = np.pad(indices, ((0, 0), (0, 1)))
    write_bmp("nibbles.bmp", 4, lines(padded[:, ::2] << 4 | padded[:, 1::2]), palette=palette)
    write_bmp("rle8.bmp", 8, run_lengths(indices, False), 1, palette)
    write_bmp("rle4.bmp", 4, run_lengths(indices, True), 2, palette)
    rgb = np.array(base)
    write_bmp("top-down.bmp", 24, lines(rgb[::-1, :, ::-1]), tall=-height)
    deep = rgb.astype(np.uint16)
    words = deep[..., 0] >> 3 << 11 | deep[..., 1] >> 2 << 5 | deep[..., 2] >> 3
    masks = struct.pack("<III", 0xF800, 0x7E0, 0x1F)
    write_bmp("565.bmp", 16, lines(words.astype("<u2")), 3, masks=masks)
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    write_bmp("alpha.bmp", 32, lines(np.array(edges)[..., [2, 1, 0, 3]]), 3, masks=masks, size=108)
    expect_pillow(
        "rgb.bmp", "bits.bmp", "grey.bmp", "palette.bmp", "nibbles.bmp", "rle8.bmp", "rle4.bmp",
        "top-down.bmp", "565.bmp", "alpha.bmp")


def write_heif(name, image, codec="HEIF", **options):
    target = io.BytesIO()
    image.save(target, format=codec, **options)
    (here / name).write_bytes(target.getvalue())


def make_heif():
    exact = dict(quality=-1, chroma=444, matrix_coefficients=0)
    write_heif("lossless.heic", base, **exact)
    write_heif("lossless-alpha.heic", edges, **exact)
    write_heif("lossy.heic", smooth(), quality=90)
    write_heif("grey.heic", base.convert("L"), quality=-1)
    # A turn in the container, and EXIF that repeats it, as cameras write both.
    write_heif("turned.heic", base, exif=exif.tobytes(), **exact)
    # EXIF alone turns no HEIC: pillow-heif does not write an `Exif` as a turn.
    write_heif("exif-only.heic", base, exif=exif, **exact)
    deep = np.array(base).astype(np.uint16) * 257
    image = pillow_heif.from_bytes("RGB;16", (width, height), deep.tobytes())
    image.save(here / "ten-bits.heic", quality=-1, chroma=444, matrix_coefficients=0)
    expect_pillow(
        "lossless.heic", "lossless-alpha.heic", "lossy.heic", "grey.heic", "turned.heic",
        "exif-only.heic")
    expect("ten-bits.heic", base)
    write_heif("lossless.avif", base, "AVIF", quality=100, subsampling="4:4:4")
    write_heif("lossless-alpha.avif", edges, "AVIF", quality=100, subsampling="4:4:4")
    write_heif("lossy.avif", smooth(), "AVIF", quality=90)
    write_heif("turned.avif", base, "AVIF", quality=100, subsampling="4:4:4", exif=exif)
    pair = dict(save_all=True, append_images=[ImageOps.invert(base)])
    write_heif("pair.heic", base, **exact, **pair)
    write_heif("animated.avif", base, "AVIF", quality=100, subsampling="4:4:4", duration=100, **pair)
    expect_pillow("pair.heic", "animated.avif")
    expect_pillow("lossless.avif", "lossless-alpha.avif", "lossy.avif", "turned.avif")


def make_colors():
    def convert(image, profile):
        source, target = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, source, target, outputMode="RGB")

    p3, adobe, dark, inks = display_p3(), adobe_rgb(), grey(), ink()
    base.save(here / "p3.png", icc_profile=p3)
    base.save(here / "p3.webp", icc_profile=p3, lossless=True)
    base.save(here / "p3.tif", icc_profile=p3, compression="tiff_lzw")
    base.save(here / "adobe.jpg", icc_profile=adobe, quality=95, subsampling="4:4:4")
    base.save(here / "adobe.png", icc_profile=adobe)
    base.convert("L").save(here / "gamma-18.png", icc_profile=dark)
    base.convert("CMYK").save(here / "ink.tif", icc_profile=inks, compression="tiff_lzw")
    base.convert("CMYK").save(here / "ink.jpg", icc_profile=inks, quality=95)
    write_heif("p3.heic", base, quality=-1, chroma=444, matrix_coefficients=0, icc_profile=p3)
    # AVIF is not lossless here, and the conversion enlarges differences in strong colours.
    pale = Image.blend(smooth(), Image.new("RGB", base.size, "grey"), 0.6)
    write_heif("p3.avif", pale, "AVIF", quality=100, subsampling="4:4:4", icc_profile=p3)
    for name in ("p3.png", "p3.webp", "p3.tif", "p3.heic", "p3.avif", "adobe.png", "adobe.jpg", "gamma-18.png", "ink.tif",
        "ink.jpg"):
        image = Image.open(here / name)
        converted = convert(image, image.info["icc_profile"])
        expect(name, converted)
    alpha = with_alpha(base)
    alpha.save(here / "p3-alpha.png", icc_profile=p3)
    converted = convert(base, p3)
    converted.putalpha(alpha.getchannel("A"))
    expect("p3-alpha.png", over_white(converted))
    # Display P3 by its codes in H.273.
    image = pillow_heif.from_pillow(base)
    image.save(
        here / "coded.heic", quality=-1, chroma=444, matrix_coefficients=0, color_primaries=12,
        transfer_characteristic=13, full_range_flag=1, save_nclx_profile=True)
    expect("coded.heic", convert(base, p3))


make_webp()
make_png()
make_tiff()
make_gif()
make_bmp()
make_heif()
make_colors()
