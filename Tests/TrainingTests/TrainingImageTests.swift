import Foundation
import Images
import TestSupport
import Testing
import Torch

@testable import Datasets
@testable import Training

@Suite("Images as training sees them")
struct TrainingImageTests {
  private let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  private func view(
    of url: URL, _ size: PixelSize, mask: ImageView.Mask? = nil, isMirrored: Bool = false
  ) throws -> ImageView {
    let original = try ImageDecoder.header(contentsOf: url).orientedSize
    return ImageView(
      url: url, sha256: "", mask: mask, geometry: CropGeometry(original: original, target: size),
      isMirrored: isMirrored)
  }

  /// The VAE's input for a file at a size, as `[height, width, 3]` in 0...255.
  private func pixels(of url: URL, width: Int, height: Int) throws -> Tensor {
    let pixels = try TrainingImage.crop(
      of: view(of: url, PixelSize(width: width, height: height))
    ).pixels()
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
    "images are scaled as by Pillow's bicubic filter", arguments: ["smaller", "larger"])
  func scaled(name: String) throws {
    let golden = try Golden("resize/picture")
    let expected = try golden.tensor("out.\(name)").to(.float32)
    let found = try pixels(
      of: write(golden), width: expected.shape[1], height: expected.shape[0])
    #expect(try (found - expected).abs().max().item() < 0.001)
  }

  @Test("images are cropped around their centre after scaling")
  func cropped() throws {
    let golden = try Golden("resize/picture")
    // 45 x 31 covers 16 x 17 as 25 x 17, of which the columns 4 to 19 are kept.
    let wide = try pixels(of: write(golden), width: 25, height: 17)
    let found = try pixels(of: write(golden), width: 16, height: 17)
    #expect(try (found - wide.narrow(dim: 1, start: 4, length: 16)).abs().max().item() == 0)
  }

  @Test("at its own size an image keeps its bytes")
  func unscaled() throws {
    let golden = try Golden("resize/picture")
    let found = try pixels(of: write(golden), width: 45, height: 31)
    #expect(try (found - golden.tensor("in.pixels").to(.float32)).abs().max().item() < 0.001)
  }

  @Test("the EXIF orientation is applied", arguments: 1...8)
  func upright(orientation: Int) throws {
    let fixtures = Repository.root.appending(path: "Tests/ImagesTests/Fixtures")
    let found = try pixels(
      of: fixtures.appending(path: "orientation-\(orientation).png"), width: 9, height: 7)
    let expected = try pixels(
      of: fixtures.appending(path: "expected/upright.png"), width: 9, height: 7)
    #expect(try (found - expected).abs().max().item() == 0)
  }

  /// A grey mask of a size, its left half black and its right half white.
  private func writeMask(_ size: PixelSize) throws -> URL {
    let pixels = (0..<size.area).flatMap { index in
      [UInt8](repeating: index % size.width < size.width / 2 ? 0 : 255, count: 3)
    }
    let url = folder.url.appending(path: "picture-mask.png")
    try PNGEncoder.encode(RGBImage(width: size.width, height: size.height, pixels: pixels))
      .write(to: url)
    return url
  }

  @Test("a mask follows its image: cropped, averaged over squares, mirrored with it")
  func maskFile() throws {
    let image = try write(Golden("resize/picture"))
    let mask = ImageView.Mask.file(
      try writeMask(PixelSize(width: 45, height: 31)), sha256: "")
    let size = PixelSize(width: 24, height: 24)
    let crop = try TrainingImage.crop(of: view(of: image, size, mask: mask))
    let weights = try #require(try crop.weights(scale: 8))
    #expect(weights.shape == [1, 1, 3, 3])
    // 35 x 24, of which the columns 5 to 28 are kept: white from column 17 of the scaled image,
    // which is column 12 of the crop.
    let row = try weights.floats()
    #expect(row[0] == 0 && row[2] == 1 && abs(row[1] - 0.5) < 0.1)
    #expect(row[0..<3] == row[3..<6])
    for (index, mean) in row.enumerated() {
      let (top, left) = (index / 3 * 8, index % 3 * 8)
      let grey = try #require(crop.mask)
      let sum = (0..<64).reduce(0) {
        $0 + Int(grey.pixels[(top + $1 / 8) * 24 + left + $1 % 8])
      }
      #expect(abs(mean - Float(sum) / (64 * 255)) < 1e-6)
    }

    let mirrored = try TrainingImage.crop(
      of: view(of: image, size, mask: mask, isMirrored: true))
    #expect(mirrored.image == crop.image.mirrored && mirrored.image != crop.image)
    #expect(mirrored.mask == crop.mask?.mirrored && mirrored.mask != crop.mask)
  }

  @Test("a mask of another size and the same shape is scaled with its image")
  func scaledMask() throws {
    let image = try write(Golden("resize/picture"))
    let size = PixelSize(width: 24, height: 24)
    func weights(_ width: Int, _ height: Int) throws -> [Float] {
      let mask = try writeMask(PixelSize(width: width, height: height))
      let crop = try TrainingImage.crop(of: view(of: image, size, mask: .file(mask, sha256: "")))
      return try #require(try crop.weights(scale: 8)).floats()
    }
    let whole = try weights(45, 31)
    for (width, height) in [(90, 62), (450, 310), (23, 16), (44, 30)] {
      for (found, expected) in zip(try weights(width, height), whole) {
        #expect(abs(found - expected) < 0.1, "\(width) x \(height)")
      }
    }
  }

  @Test("a mask of another shape is an error that names both")
  func maskOfAnotherSize() throws {
    let image = try write(Golden("resize/picture"))
    let mask = try writeMask(PixelSize(width: 31, height: 45))
    let view = try view(
      of: image, PixelSize(width: 8, height: 8), mask: .file(mask, sha256: ""))
    let error = #expect(throws: MaskError.self) { try TrainingImage.crop(of: view) }
    #expect(error?.description.contains("picture-mask.png has 31 x 45 pixels") == true)
    #expect(error?.description.contains("picture.png has 45 x 31") == true)
  }

  @Test("transparency is used as a mask; without a mask all of the image counts")
  func alpha() throws {
    let url = Repository.root.appending(path: "Tests/ImagesTests/Fixtures/rgba-gamma.png")
    let size = PixelSize(width: 61, height: 43)
    let crop = try TrainingImage.crop(of: view(of: url, size, mask: .alpha))
    // Transparent at the left, opaque at the right.
    let mask = try #require(crop.mask)
    let expected = (0..<61).map { UInt8(255 * $0 / 60) }
    #expect(Array(mask.pixels[..<61]) == expected)
    let whole = try TrainingImage.crop(of: view(of: url, size))
    #expect(whole.mask == nil && whole.image == crop.image)
    #expect(try whole.weights(scale: 1) == nil)
  }

  @Test(
    "a large JPEG is decoded smaller, and looks like one that is decoded at full scale",
    arguments: [(1000, 750), (500, 375)])
  func camera(width: Int, height: Int) throws {
    let url = Repository.root.appending(path: "Tests/ImagesTests/Fixtures/camera.jpg")
    let size = PixelSize(width: width, height: height)
    let scale = DCTScale.sufficient(
      for: PixelSize(width: 4000, height: 3000), resizedTo: size)
    #expect(scale != .full)
    let crop = try TrainingImage.crop(of: view(of: url, size))
    let smaller = try ImageDecoder.decode(contentsOf: url, scale: scale)
    #expect(try crop.image == Resampling(resized: size)(smaller))
    let whole = try Resampling(resized: size)(ImageDecoder.decode(contentsOf: url))
    let differences = zip(crop.image.pixels, whole.pixels).map { abs(Int($0) - Int($1)) }
    // The difference is 2 at steps in the colours of this file of low quality: libjpeg smooths them
    // only when it enlarges them.
    #expect(differences.max() ?? 255 <= 2)
  }
}
