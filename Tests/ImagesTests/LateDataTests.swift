import Foundation
import Images
import Testing

/// Headers of files are read from their first 128 KiB. What follows the pixels must not be missed.
@Suite("Properties that follow the pixels")
struct LateDataTests {
  /// An orientation of 6 (EXIF 2.32 section 4.6.2), little-endian.
  private static let turned: [UInt8] =
    [0x49, 0x49, 0x2A, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0]

  /// Colours that hardly compress.
  private func noise(side: Int) throws -> RGBImage {
    var random = SplitMix(state: 1)
    let pixels = (0..<(side * side * 3)).map { _ in UInt8.random(in: 0...255, using: &random) }
    return try RGBImage(width: side, height: side, pixels: pixels)
  }

  private func header(ofFile data: Data) throws -> ImageHeader {
    var header: ImageHeader?
    try Fixtures.withTemporaryFolder { folder in
      let file = folder.appending(path: "image")
      try data.write(to: file)
      header = try ImageDecoder.header(contentsOf: file)
    }
    return try #require(header)
  }

  @Test("EXIF after the pixels of a PNG turns it")
  func pngOrientation() throws {
    let image = try Fixtures.expected("upright.png")
    let data = try PNGEncoder.encode(image).withLateChunks(.chunk("eXIf", Self.turned))
    #expect(try ImageDecoder.header(data).orientedSize == PixelSize(width: 7, height: 13))
    let decoded = try ImageDecoder.decode(data)
    #expect(decoded.width == 7 && decoded.height == 13)
    // Turned clockwise, the first pixel is that of the last row.
    #expect(decoded.pixels.prefix(3) == image.pixels[(6 * 13 * 3)...].prefix(3))

    let large = try PNGEncoder.encode(noise(side: 256)).withLateChunks(.chunk("eXIf", Self.turned))
    #expect(large.count > 1 << 17)
    #expect(try header(ofFile: large).orientation == 6)
  }

  @Test("the first EXIF counts")
  func twoOrientations() throws {
    let data = try Fixtures.data("orientation-5.png")
    let both = data.withLateChunks(.chunk("eXIf", Self.turned))
    #expect(try ImageDecoder.header(both).orientation == 5)
  }

  @Test("the profile of a large BMP")
  func bmpProfile() throws {
    let profile = try FormatFixtures.adobeProfile()
    let data = BMPFixture.v5(pixels: Data(repeating: 90, count: 256 * 256 * 3), profile: profile)
    #expect(data.count > 1 << 17)
    let header = try header(ofFile: data)
    #expect(header.colorProfile == "Adobe RGB (1998)")
    #expect(header.convertsColors == ImageDecoder.convertsColors)
    #expect(try header == ImageDecoder.header(data))
    #expect(throws: ImageError(file: nil, problem: .truncated(.bmp))) {
      try ImageDecoder.header(data.dropLast(10))
    }
  }

  @Test("the frames of a large GIF", .enabled(if: ImageFormat.gif.isReadable))
  func gifFrames() throws {
    var data = try FormatFixtures.data("animated.gif")
    let comment = Data([0x21, 0xFE] + [255] + [UInt8](repeating: 65, count: 255) + [0])
    let second = try #require(data.lastRange(of: [0x21, 0xF9, 4])).lowerBound
    data.insert(contentsOf: repeatElement(comment, count: 600).joined(), at: second)
    #expect(try header(ofFile: data).frames == 2)
  }
}
