import Foundation
import Images

/// How much of an image its mask lets count in the loss: the mean of the mask, from 0 to 1.
struct MaskWeight: Sendable, Equatable {
  /// In the part that training sees.
  let seen: Double
  /// In the whole image.
  let whole: Double

  /// Less than this share of an image hardly trains.
  static let least = 0.01
  /// Less than this share is nothing: fewer than 100 pixels of a million.
  private static let nothing = 1e-4

  var isLow: Bool { seen < Self.least }
  var isNothing: Bool { seen < Self.nothing }

  /// The share in words: `0.4 %`.
  var text: String { seen == 0 ? "0 %" : String(format: "%.2g %%", 100 * seen) }

  /// The problems of images whose masks leave less than 1 %.
  ///
  /// - Parameters:
  ///   - images: The images with masks.
  ///   - count: The number of all images.
  ///   - floor: The weight of the loss where a mask is black.
  static func problems(
    of images: [(name: String, weight: MaskWeight)], among count: Int, floor: Double
  ) -> [DatasetProblem] {
    if floor == 1 { return [] }
    if floor > 0, leaveNothing(images.map(\.weight), among: count) {
      return [
        DatasetProblem(
          images.map(\.name), details: images.map(\.weight.text),
          "all masks are black where training sees them, so every pixel weighs \(floor) "
            + "(`mask_floor`) and training sees the whole images; make white what counts, or set "
            + "`masks: false`")
      ]
    }
    let low = images.filter(\.weight.isLow)
    func problem(_ images: [(name: String, weight: MaskWeight)], _ text: String) -> DatasetProblem {
      DatasetProblem(images.map(\.name), details: images.map(\.weight.text), text)
    }
    return [
      problem(
        low.filter { $0.weight.whole < least },
        "the mask leaves less than 1 % of the image at full weight; what counts must be white, or opaque "
          + "in a transparent image"),
      problem(
        low.filter { $0.weight.whole >= least },
        "what the mask leaves is cut off, so that less than 1 % of the crop has full weight; a focus "
          + "point moves the crop"),
    ].filter { !$0.files.isEmpty }
  }

  /// The error of a dataset in which nothing counts; nil: something does.
  ///
  /// - Parameters:
  ///   - weights: The weights of the images with masks.
  ///   - count: The number of images.
  ///   - floor: The weight of the loss where a mask is black.
  static func error(
    of weights: [(name: String, weight: MaskWeight)], among count: Int, floor: Double,
    in directory: URL
  ) -> DatasetError? {
    guard floor == 0, leaveNothing(weights.map(\.weight), among: count) else { return nil }
    return .nothingCounts(directory.relativePath, images: weights.map(\.name))
  }

  /// Whether every one of `count` images has a mask that leaves nothing.
  private static func leaveNothing(_ weights: [MaskWeight], among count: Int) -> Bool {
    count > 0 && weights.count == count && weights.allSatisfy(\.isNothing)
  }
}

extension DatasetImage {
  /// The weight of the image's mask; nil without a mask. Throws `ImageError`, `ResamplingError`.
  ///
  /// - Parameter isRandom: Whether crops are random, so that training sees the whole image in time.
  func maskWeight(in geometry: CropGeometry, isRandom: Bool) throws -> MaskWeight? {
    let mask: GrayImage?
    switch self.mask {
    case .file(let url): mask = try ImageDecoder.decodeMask(contentsOf: url)
    case .alpha: mask = try ImageDecoder.decodeWithAlpha(contentsOf: url).alpha
    case nil: mask = nil
    }
    guard let mask else { return nil }
    let whole = mask.mean
    if isRandom && focus == nil { return MaskWeight(seen: whole, whole: whole) }
    let crop = try Resampling(
      resized: geometry.resized, top: geometry.cropTop, left: geometry.cropLeft,
      size: geometry.target)(mask)
    return MaskWeight(seen: crop.mean, whole: whole)
  }
}

extension Dataset {
  /// The problems of masks that leave almost nothing where training sees them. Decodes every mask.
  ///
  /// Throws `DatasetError.nothingCounts`, `ImageError`, `ResamplingError`.
  package func maskProblems(
    _ config: DatasetOptions, buckets: AspectBuckets
  ) throws -> [DatasetProblem] {
    guard config.masks else { return [] }
    let weights = concurrentMap(
      images.filter { $0.mask != nil },
      { image in
        Result {
          let geometry = CropGeometry(
            original: image.size, target: buckets.bucket(for: image.size, upscale: config.upscale),
            focus: image.focus)
          return try image.maskWeight(in: geometry, isRandom: config.crop == .random)
            .map { (name: image.name, weight: $0) }
        }
      }, progress: { _ in })
    let found = try weights.compactMap { try $0.get() }
    let floor = config.maskFloor
    if let error = MaskWeight.error(of: found, among: images.count, floor: floor, in: directory) {
      throw error
    }
    return MaskWeight.problems(of: found, among: images.count, floor: floor)
  }
}

extension GrayImage {
  /// The mean of the pixels, from 0 to 1.
  fileprivate var mean: Double {
    Double(pixels.reduce(0) { $0 + Int($1) }) / Double(255 * pixels.count)
  }
}
