import Foundation
import Images
import TestSupport
import Testing

@testable import Datasets

@Suite("Aspect buckets")
struct AspectBucketsTests {
  /// The results of Tests/Golden/golden/buckets.py, which tries every rectangle in exact fractions.
  struct Expected: Decodable {
    struct Image: Decodable {
      let resolution: Int
      let size: [Int]
      let bucket: [Int]
      let resized: [Int]
      let crop: [Int]
      let notEnlarged: [Int]
    }

    let lists: [String: [[Int]]]
    let images: [Image]

    static func load() throws -> Expected {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      return try decoder.decode(
        Expected.self, from: Data(contentsOf: Repository.golden.appending(path: "buckets.json")))
    }
  }

  /// Sizes of many aspects, from a pixel to 9,000.
  private static let images: [PixelSize] = {
    let sides = [
      1, 40, 63, 64, 65, 250, 256, 400, 511, 640, 767, 800, 1000, 1023, 1024, 1500, 2049, 3000,
      9000,
    ]
    return sides.flatMap { width in sides.map { PixelSize(width: width, height: $0) } }
  }()

  private func values(_ size: PixelSize) -> [Int] { [size.width, size.height] }

  @Test("the documented examples at 1024, from the size of the image to the crop")
  func documented() {
    let buckets = AspectBuckets(resolution: 1024, step: 64)
    let expected: [(image: (Int, Int), bucket: (Int, Int), crop: (top: Int, left: Int))] = [
      ((1920, 1080), (1344, 768), (0, 10)), ((3000, 2000), (1216, 832), (0, 16)),
      ((1080, 1350), (896, 1152), (0, 13)), ((4000, 3000), (1152, 896), (0, 21)),
      ((1050, 1080), (1024, 1024), (14, 0)), ((3000, 4500), (832, 1216), (16, 0)),
    ]
    for (image, bucket, crop) in expected {
      let size = PixelSize(width: image.0, height: image.1)
      let found = buckets.bucket(for: size, upscale: true)
      #expect((found.width, found.height) == bucket)
      let geometry = CropGeometry(original: size, target: found)
      #expect((geometry.cropTop, geometry.cropLeft) == crop)
    }
  }

  @Test("lists of buckets at 512, 768 and 1024 are those of an independent calculation")
  func lists() throws {
    let expected = try Expected.load().lists
    #expect(expected.count == 3)
    for (resolution, sizes) in expected {
      let buckets = try AspectBuckets(resolution: #require(Int(resolution)), step: 64)
      #expect(buckets.sizes.map(values) == sizes)
    }
  }

  @Test("buckets and crops of 46 image sizes are those of an independent calculation")
  func calculated() throws {
    let images = try Expected.load().images
    #expect(images.count == 3 * 46)
    for image in images {
      let buckets = AspectBuckets(resolution: image.resolution, step: 64)
      let size = PixelSize(width: image.size[0], height: image.size[1])
      let bucket = buckets.bucket(for: size, upscale: true)
      #expect(values(bucket) == image.bucket, "\(size) at \(image.resolution)")
      let geometry = CropGeometry(original: size, target: bucket)
      #expect(values(geometry.resized) == image.resized, "\(size) at \(image.resolution)")
      #expect([geometry.cropTop, geometry.cropLeft] == image.crop, "\(size)")
      #expect(
        values(buckets.bucket(for: size, upscale: false)) == image.notEnlarged,
        "\(size) at \(image.resolution)")
    }
  }

  @Test("41 different buckets at 1024, each with its transpose, from narrow to wide")
  func count() {
    let sizes = AspectBuckets(resolution: 1024, step: 64).sizes
    #expect(sizes.count == 41)
    #expect(Set(sizes).count == 41)
    #expect(sizes.map(\.transposed) == sizes.reversed())
    #expect(sizes.allSatisfy { $0.area <= 1024 * 1024 })
    #expect(sizes.first == PixelSize(width: 256, height: 2048))
  }

  @Test("from 512 on, buckets have steps of 64; below, of 32 and 16, and reach 1:4 everywhere")
  func small() {
    for resolution in stride(from: 64, through: 4096, by: 32) {
      let buckets = AspectBuckets(resolution: resolution)
      let step = resolution >= 512 ? 64 : resolution >= 256 ? 32 : 16
      let square = PixelSize(width: resolution, height: resolution)
      #expect(buckets.sizes.contains(square) && buckets.sizes.count >= 5, "\(resolution)")
      for size in buckets.sizes where size != square {
        #expect(size.area <= resolution * resolution)
        #expect(size.width.isMultiple(of: step) && size.height.isMultiple(of: step))
      }
      for (width, height) in [(400, 100), (100, 400), (300, 100), (1200, 300)] {
        let image = PixelSize(width: width, height: height)
        let target = buckets.bucket(for: image, upscale: true)
        #expect(CropGeometry(original: image, target: target).cutAway < 0.25, "\(resolution)")
      }
      if resolution >= 512 { #expect(buckets == AspectBuckets(resolution: resolution, step: 64)) }
    }
  }

  @Test("images of a quarter to four times their height keep more than 80 % of their area")
  func cutAway() {
    for resolution in [64, 96, 128, 192, 256, 320, 448, 512, 1024] {
      let buckets = AspectBuckets(resolution: resolution)
      for width in stride(from: 100, through: 1600, by: 10) {
        let image = PixelSize(width: width, height: 400)
        let target = buckets.bucket(for: image, upscale: true)
        let geometry = CropGeometry(original: image, target: target)
        let kept = Double(target.area) / (Double(image.area) * geometry.scale * geometry.scale)
        #expect(abs(1 - kept - geometry.cutAway) < 0.02)
        #expect(geometry.cutAway < (resolution < 128 ? 0.3 : 0.2), "\(image) at \(resolution)")
      }
    }
  }

  @Test(
    "the square is always a bucket, and the only one if no other fits",
    arguments: [(32, 64), (64, 64), (192, 64), (256, 64), (500, 250), (1024, 1024)])
  func square(resolution: Int, step: Int) {
    let square = PixelSize(width: resolution, height: resolution)
    let buckets = AspectBuckets(resolution: resolution, step: step)
    #expect(buckets.sizes == [square])
    for image in Self.images {
      #expect(buckets.bucket(for: image, upscale: true) == square)
      #expect(AspectBuckets(square: resolution).bucket(for: image, upscale: false) == square)
    }
  }

  @Test(
    "a resolution between two steps keeps its square, and of two squares the larger is taken",
    arguments: [520, 1000, 1032])
  func between(resolution: Int) {
    let buckets = AspectBuckets(resolution: resolution, step: 64)
    let square = PixelSize(width: resolution, height: resolution)
    #expect(buckets.sizes.contains(square))
    #expect(
      buckets.bucket(for: PixelSize(width: 3000, height: 3000), upscale: true) == square)
  }

  @Test(
    "a transposed image has the transposed bucket", arguments: [64, 500, 512, 520, 768, 1024])
  func transposed(resolution: Int) {
    for step in [8, 64, 256] {
      let buckets = AspectBuckets(resolution: resolution, step: step)
      for image in Self.images {
        for upscale in [true, false] {
          #expect(
            buckets.bucket(for: image.transposed, upscale: upscale)
              == buckets.bucket(for: image, upscale: upscale).transposed,
            "\(image) at \(resolution), step \(step)")
        }
      }
    }
  }

  @Test(
    "without upscaling only images below a step are enlarged, and not more than with it")
  func notEnlarged() {
    for (resolution, step) in [(1024, 64), (512, 64), (1000, 64), (1024, 256), (64, 64)] {
      let buckets = AspectBuckets(resolution: resolution, step: step)
      for image in Self.images {
        let nearest = buckets.bucket(for: image, upscale: true)
        let found = buckets.bucket(for: image, upscale: false)
        let scale = CropGeometry(original: image, target: found).scale
        #expect(found.area <= resolution * resolution, "\(image) at \(resolution)")
        if min(image.width, image.height) >= step {
          #expect(scale <= 1, "\(image) at \(resolution)")
        }
        let enlarged = CropGeometry(original: image, target: nearest).scale
        #expect(scale <= max(enlarged, 1), "\(image) at \(resolution)")
        // An image that is large enough keeps its bucket.
        if enlarged <= 1 { #expect(found == nearest, "\(image) at \(resolution)") }
      }
    }
  }

  @Test("the largest size in an image header does not overflow")
  func absurd() {
    let buckets = AspectBuckets(resolution: 4096, step: 64)
    for size in [(1, 1 << 31), (1 << 31, 1), (1 << 31, 1 << 31)] {
      let image = PixelSize(width: size.0, height: size.1)
      for upscale in [true, false] {
        let bucket = buckets.bucket(for: image, upscale: upscale)
        #expect(bucket.area <= 4096 * 4096)
        #expect(CropGeometry(original: image, target: bucket).cropTop >= 0)
      }
    }
  }
}
