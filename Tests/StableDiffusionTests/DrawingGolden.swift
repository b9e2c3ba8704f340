import Foundation
import StableDiffusion
import TestSupport
import Testing
import Torch

/// A picture that diffusers has drawn with tiny-sdxl, alone or with tiny-refiner.
struct DrawingGolden {
  /// The recorded request, under diffusers' names.
  struct Recorded: Decodable {
    let prompt: String
    let negativePrompt: String?
    let width: Int
    let height: Int
    let steps: Int
    let guidance: Double
    let seed: UInt64
    let guidanceRescale: Double?
    let originalSize: [Int]?
    let cropsCoordsTopLeft: [Int]?
    let targetSize: [Int]?
    let negativeOriginalSize: [Int]?
    let negativeCropsCoordsTopLeft: [Int]?
    let negativeTargetSize: [Int]?
    let strength: Double?
    let split: Double?
    let refinerStrength: Double?
    let aestheticScore: Double?
    let negativeAestheticScore: Double?
    let scheduler: String?
    let stepsTaken: [Int]
  }

  static let base = Repository.golden.appending(path: "tiny-sdxl")
  static let refiner = Repository.golden.appending(path: "tiny-refiner")

  let recorded: Recorded
  private let golden: Golden

  init(_ name: String) throws {
    golden = try Golden("drawings/\(name)")
    recorded = try golden.config(as: Recorded.self)
  }

  var usesRefiner: Bool { recorded.split != nil || recorded.refinerStrength != nil }

  /// The same request for this package's pipeline.
  func series() throws -> PictureSeries {
    var series = PictureSeries(
      prompt: recorded.prompt, negative: recorded.negativePrompt, width: recorded.width,
      height: recorded.height, steps: recorded.steps, guidance: recorded.guidance,
      seeds: [recorded.seed])
    series.guidanceRescale = recorded.guidanceRescale ?? 0
    series.sizes = sizes(
      recorded.originalSize, recorded.cropsCoordsTopLeft, recorded.targetSize)
    series.negativeSizes = sizes(
      recorded.negativeOriginalSize, recorded.negativeCropsCoordsTopLeft,
      recorded.negativeTargetSize)
    if let strength = recorded.strength {
      let pixels = try golden.input("image").uint8s()
      series.image = StartImage(
        Picture(width: recorded.width, height: recorded.height, pixels: pixels),
        strength: strength)
    }
    if let split = recorded.split { series.refinement = .ensemble(split: split) }
    if let strength = recorded.refinerStrength { series.refinement = .over(strength: strength) }
    series.aestheticScore = recorded.aestheticScore ?? 6
    series.negativeAestheticScore = recorded.negativeAestheticScore ?? 2.5
    return series
  }

  /// The largest difference between two bytes.
  func worst(_ picture: Picture) throws -> Int {
    let expected = try golden.tensor("out.image").uint8s()
    try #require(picture.pixels.count == expected.count)
    return zip(picture.pixels, expected).map { abs(Int($0) - Int($1)) }.max() ?? 255
  }

  private func sizes(_ original: [Int]?, _ crop: [Int]?, _ target: [Int]?) -> SizeConditioning? {
    guard let original, let crop, let target else { return nil }
    var sizes = SizeConditioning(width: target[1], height: target[0])
    (sizes.originalHeight, sizes.originalWidth) = (original[0], original[1])
    (sizes.cropTop, sizes.cropLeft) = (crop[0], crop[1])
    return sizes
  }
}
