import Foundation
import Images
import TestSupport
import Testing
import Torch

@testable import DreamBooth

@Suite("Pictures as training sees them")
struct TrainingPictureTests {
  private let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  /// What the VAE is given of a file at a size, as `[height, width, 3]` in 0...255.
  private func pixels(of url: URL, width: Int, height: Int) throws -> Tensor {
    let size = try ImageDecoder.header(contentsOf: url).orientedSize
    let image = DatasetImage(url: url, width: size.width, height: size.height, caption: "")
    let geometry = CropGeometry(
      originalWidth: image.width, originalHeight: image.height, targetWidth: width,
      targetHeight: height)
    let pixels = try TrainingPicture.pixels(of: image, geometry)
    #expect(pixels.shape == [1, 3, height, width])
    #expect(try pixels.abs().max().item() <= 1)
    return try ((pixels + 1) * 127.5).select(dim: 0, index: 0).permute([1, 2, 0])
  }

  private func write(_ golden: Golden) throws -> URL {
    let pixels = try golden.tensor("in.pixels")
    let image = try RGBImage(
      width: pixels.shape[1], height: pixels.shape[0], pixels: pixels.uint8s())
    let url = folder.url.appending(path: "picture.png")
    try PNGEncoder.encode(image).write(to: url)
    return url
  }

  @Test(
    "scaled as Pillow's bicubic filter scales, within 1 of 255", arguments: ["smaller", "larger"])
  func scaled(name: String) throws {
    let golden = try Golden("resize/picture")
    let expected = try golden.tensor("out.\(name)").to(.float32)
    let found = try pixels(
      of: write(golden), width: expected.shape[1], height: expected.shape[0])
    #expect(try (found - expected).abs().max().item() <= 1.001)
  }

  @Test("cropped around the centre after scaling")
  func cropped() throws {
    let golden = try Golden("resize/picture")
    // 45 x 31 covers 16 x 17 as 25 x 17, of which the columns 4 to 19 are kept.
    let wide = try pixels(of: write(golden), width: 25, height: 17)
    let found = try pixels(of: write(golden), width: 16, height: 17)
    #expect(try (found - wide.narrow(dim: 1, start: 4, length: 16)).abs().max().item() == 0)
  }

  @Test("at its own size a picture keeps its bytes")
  func unscaled() throws {
    let golden = try Golden("resize/picture")
    let found = try pixels(of: write(golden), width: 45, height: 31)
    #expect(try (found - golden.tensor("in.pixels").to(.float32)).abs().max().item() < 0.001)
  }

  @Test("turned upright as EXIF says", arguments: 1...8)
  func upright(orientation: Int) throws {
    let fixtures = Repository.root.appending(path: "Tests/ImagesTests/Fixtures")
    let found = try pixels(
      of: fixtures.appending(path: "orientation-\(orientation).png"), width: 9, height: 7)
    let expected = try pixels(
      of: fixtures.appending(path: "expected/upright.png"), width: 9, height: 7)
    #expect(try (found - expected).abs().max().item() == 0)
  }
}
