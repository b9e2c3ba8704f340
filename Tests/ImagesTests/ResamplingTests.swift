import Foundation
import Images
import Testing

@Suite("Resampling equals Pillow's")
struct ResamplingTests {
  /// The image that `make.py` scales, 61 x 43.
  private func source() throws -> RGBImage {
    try ImageDecoder.decode(Fixtures.data("resize.png"))
  }

  @Test(
    "bicubic, bit for bit: 3.7 times smaller, 1.1 times larger, one side much more",
    arguments: ["down", "up", "tall"])
  func exact(name: String) throws {
    let expected = try Fixtures.expected("resized-\(name).png")
    let resized = PixelSize(width: expected.width, height: expected.height)
    #expect(try Resampling(resized: resized)(source()) == expected)
  }

  @Test("a rectangle equals that part of the whole")
  func rectangle() throws {
    let resized = PixelSize(width: 67, height: 47)
    let whole = try Resampling(resized: resized)(source())
    let part = try Resampling(
      resized: resized, top: 3, left: 20, size: PixelSize(width: 31, height: 44))(source())
    for y in 0..<44 {
      let start = ((y + 3) * 67 + 20) * 3
      #expect(
        Array(part.pixels[(y * 93)..<((y + 1) * 93)]) == Array(whole.pixels[start..<(start + 93)]))
    }
  }

  @Test(
    "a rectangle outside the image and an empty one are errors",
    arguments: [(0, 1, 10), (1, 0, 10), (-1, 0, 5), (0, -1, 5), (0, 0, 0)])
  func outside(top: Int, left: Int, side: Int) throws {
    let wanted = Resampling(
      resized: PixelSize(width: 10, height: 10), top: top, left: left,
      size: PixelSize(width: side, height: side))
    #expect(throws: ResamplingError.outside(wanted)) { try wanted(source()) }
  }

  @Test("mirroring exchanges left and right")
  func mirrored() throws {
    let image = try RGBImage(width: 2, height: 2, pixels: Array(0..<12))
    #expect(image.mirrored.pixels == [3, 4, 5, 0, 1, 2, 9, 10, 11, 6, 7, 8])
  }

  @Test(
    "a JPEG is decoded smaller only if its sides divide and stay twice those of the result",
    arguments: [
      (6000, 4000, 1248, 832, DCTScale.half), (4000, 3000, 1195, 896, .full),
      (6000, 4000, 1501, 1000, .full), (6002, 4001, 624, 416, .full),
      (6000, 4000, 375, 250, .eighth),
      (6000, 4004, 375, 250, .quarter), (512, 512, 1024, 1024, .full),
    ])
  func scale(width: Int, height: Int, toWidth: Int, toHeight: Int, expected: DCTScale) {
    let scale = DCTScale.sufficient(
      for: PixelSize(width: width, height: height),
      resizedTo: PixelSize(width: toWidth, height: toHeight))
    #expect(scale == expected)
  }

  @Test(
    "on photographs a smaller decoding differs less than Pillow's LANCZOS from its BICUBIC",
    .enabled(if: Fixtures.hasPhotos("exif-orientation")))
  func scaledPhotograph() throws {
    let file = Fixtures.photos.appending(path: "exif-orientation/Landscape_0.jpg")
    let resized = PixelSize(width: 375, height: 250)
    #expect(
      DCTScale.sufficient(for: PixelSize(width: 1800, height: 1200), resizedTo: resized) == .half)
    let whole = try Resampling(resized: resized)(ImageDecoder.decode(contentsOf: file))
    let half = try Resampling(resized: resized)(ImageDecoder.decode(contentsOf: file, scale: .half))
    #expect(half.signalToNoise(against: whole) > 45)
  }
}
