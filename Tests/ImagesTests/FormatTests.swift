import Foundation
import Images
import Testing

/// Which formats are tested depends on the build: see `FormatFixtures.all`.
@Suite("WebP, GIF, BMP, TIFF, HEIC and AVIF equal Pillow's decoding")
struct FormatTests {
  @Test("every form, within 2 of 255", arguments: FormatFixtures.all)
  func parity(name: String) throws {
    let data = try FormatFixtures.data(name)
    let header = try ImageDecoder.header(data)
    #expect(header.format == FormatFixtures.format(of: name))
    guard header.colorProfile == nil || header.convertsColors else { return }
    let image = try ImageDecoder.decode(data)
    let expected = try FormatFixtures.expected(name)
    #expect(image.greatestDifference(from: expected) <= 2)
    #expect(header.orientedSize == PixelSize(width: expected.width, height: expected.height))
  }

  @Test("a build reads PNG, JPEG and BMP, and each other format in all of its forms")
  func readable() {
    let readable = Set(ImageFormat.readable)
    #expect(readable.isSuperset(of: [.png, .jpeg, .bmp]))
    let tested = Set(FormatFixtures.all.compactMap(FormatFixtures.format))
    #expect(tested == readable)
  }

  @Test(
    "turned by EXIF, by the TIFF tag, or by the container of HEIC and AVIF, but never twice",
    arguments: [
      ("turned.webp", 6), ("turned-5.tif", 5), ("turned-6.tif", 6), ("turned-8.tif", 8),
      ("turned.heic", 1), ("turned.avif", 1), ("exif-only.heic", 1),
    ].filter { FormatFixtures.all.contains($0.0) })
  func orientation(name: String, expected: Int) throws {
    let header = try ImageDecoder.header(FormatFixtures.data(name))
    #expect(header.orientation == expected)
    let isTurned = name != "exif-only.heic"
    #expect(header.orientedSize.width == (isTurned ? 43 : 61))
  }

  /// Written in pairs: an image and its inversion.
  static let pairs = [
    "animated.png", "animated.gif", "animated.webp", "animated.avif", "pages.tif", "pair.heic",
  ]

  @Test("frames, pages and images are counted", arguments: FormatFixtures.all)
  func frames(name: String) throws {
    let header = try ImageDecoder.header(FormatFixtures.data(name))
    #expect(header.frames == (Self.pairs.contains(name) ? 2 : 1))
  }

  @Test("thumbnails are no pages", .enabled(if: ImageFormat.tiff.isReadable))
  func thumbnail() throws {
    var data = try FormatFixtures.data("pages.tif")
    let first = data.number(at: 4)
    let second = data.number(at: first + 2 + 12 * data.number(at: first, bytes: 2))
    // The lowest tag of the second page becomes NewSubfileType, with the value of a thumbnail.
    data.replaceSubrange(
      (second + 2)..<(second + 14), with: [254, 0, 4, 0, 1, 0, 0, 0, 1, 0, 0, 0])
    #expect(try ImageDecoder.header(data).frames == 1)
  }

  @Test(
    "alpha has the file's values",
    arguments: [
      "lossless-alpha.webp", "alpha.tif", "grey-alpha.tif", "premultiplied.tif", "alpha.bmp",
      "lossless-alpha.heic", "lossless-alpha.avif",
    ].filter(FormatFixtures.all.contains))
  func alpha(name: String) throws {
    let url = FormatFixtures.folder.appending(path: name)
    let (image, alpha) = try ImageDecoder.decodeWithAlpha(contentsOf: url)
    #expect(try image == ImageDecoder.decode(contentsOf: url))
    let row = (0..<61).map { UInt8(255 * $0 / 60) }
    let samples = try #require(alpha).pixels
    #expect(Array(samples[..<61]) == row && Array(samples[(42 * 61)...]) == row)
    let mask = try ImageDecoder.decodeMask(contentsOf: url)
    #expect(mask.pixels[0] == 0)
  }

  @Test("a GIF is transparent in one colour, and around a small first frame")
  func transparentGIF() throws {
    guard ImageFormat.gif.isReadable else { return }
    func alpha(_ name: String) throws -> [UInt8] {
      let url = FormatFixtures.folder.appending(path: name)
      return try #require(try ImageDecoder.decodeWithAlpha(contentsOf: url).alpha).pixels
    }
    #expect(try Set(alpha("transparent.gif")) == [0, 255])
    let small = try alpha("small-frame.gif")
    #expect(small.count { $0 == 255 } == 61 * 43 && small.count { $0 == 0 } == 70 * 51 - 61 * 43)
    #expect(try !ImageDecoder.header(FormatFixtures.data("plain.gif")).hasAlpha)
  }

  @Test("a TIFF of floating point is refused by name", .enabled(if: ImageFormat.tiff.isReadable))
  func floatingPoint() throws {
    let problem = ImageError.Problem.damaged(.tiff, "samples of floating point")
    #expect(throws: ImageError(file: "float.tif", problem: problem)) {
      try ImageDecoder.header(FormatFixtures.data("float.tif"), name: "float.tif")
    }
  }

  @Test("a camera's raw file is refused by name", .enabled(if: ImageFormat.tiff.isReadable))
  func cameraRaw() throws {
    var data = try FormatFixtures.data("grey.tif")
    // PhotometricInterpretation becomes that of a colour filter array.
    let entry = try #require(data.firstRange(of: [0x06, 0x01, 3, 0, 1, 0, 0, 0]))
    data[entry.upperBound] = 0x23
    data[entry.upperBound + 1] = 0x80
    #expect(throws: ImageError(file: nil, problem: .damaged(.tiff, "a camera's raw file"))) {
      try ImageDecoder.decode(data)
    }
  }

  @Test("the error for a missing codec tells what to install")
  func notBuiltIn() {
    let error = ImageError(file: "a.avif", problem: .notBuiltIn(.avif))
    #expect(
      error.description
        == "a.avif is an image in AVIF, which this build does not read; convert it to "
        + "PNG or JPEG, or install libheif with a decoder of AV1 and build again.")
  }

  @Test("the header of a file equals that of its data", arguments: FormatFixtures.all)
  func headerOfFile(name: String) throws {
    let url = FormatFixtures.folder.appending(path: name)
    #expect(try ImageDecoder.header(contentsOf: url) == ImageDecoder.header(Data(contentsOf: url)))
  }
}
