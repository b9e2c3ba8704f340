import Foundation
import Images
import Torch

/// The distance of a picture to all renderings of a subject, at all sizes and places.
///
/// A template is a PNG of 128 x 64 pixels. The left half is the subject over black, the right half
/// the share of each pixel that it covers (0 to 255). It is compared over the picture's own
/// background. A rim of 2 pixels around it counts too, so that the same colours beside it make a
/// difference.
struct TemplateMatcher {
  /// Sizes of the templates' frames, in pixels: 0.7 to 1.1 of their own size.
  private static let frames = [44, 50, 56, 60, 64, 70]
  /// The greatest shift to each side, in pixels, in steps of `stride`.
  private static let reach = 12
  private static let stride = 2

  /// The subjects over black `[K, 3, 64, 64]`; their coverage and the pixels that count, each
  /// `[K, 1, 64, 64]`.
  private let colors: Tensor
  private let coverage: Tensor
  private let mask: Tensor

  /// Reads every PNG in a folder. Throws `DemoScoresError`, `ImageError`, `TorchError`.
  init(templatesIn folder: URL) throws {
    let side = ScoredPicture.side
    var sheets: [Tensor] = []
    for file in try PictureFolder.pictures(in: folder) {
      let image = try ImageDecoder.decode(contentsOf: file)
      guard (image.width, image.height) == (2 * side, side) else {
        throw DemoScoresError.notATemplate(
          file.relativePath, width: image.width, height: image.height)
      }
      sheets.append(
        try Tensor(image.pixels, shape: [1, side, 2 * side, 3]).to(.float32)
          .permute([0, 3, 1, 2]))
    }
    let sheet = try Tensor.cat(sheets, dim: 0)
    let drawn = try Tensor.cat(
      [
        sheet.narrow(dim: 3, start: 0, length: side),
        sheet.narrow(dim: 3, start: side, length: side).narrow(dim: 1, start: 0, length: 1) / 255,
      ], dim: 1)
    let all = try Self.variants(of: drawn)
    colors = try all.narrow(dim: 1, start: 0, length: 3)
    coverage = try all.narrow(dim: 1, start: 3, length: 1).clamp(min: 0, max: 1)
    // Box sums over 5 x 5 pixels: 1 wherever something is covered within 2 pixels.
    let near = try coverage.conv2d(.ones([1, 1, 5, 5]), padding: 2)
    mask = try (near * 50 - 0.5).clamp(min: 0, max: 1)
  }

  /// The smallest root mean square difference (0 to 255, over the template and its rim) of any
  /// template at any size and place to the picture. Throws `TorchError`.
  func distance(to picture: ScoredPicture) throws(TorchError) -> Double {
    let foreground = try picture.foreground()
    let templates = try colors - coverage * picture.background.plane()
    let masked = try templates * mask
    // The sum of mask * (x - t)^2 over every window, with its square expanded. The background,
    // which is zero, continues outside the picture.
    let squares = try foreground.square().sum(dims: [1], keepDim: true)
      .conv2d(mask, stride: Self.stride, padding: Self.reach)
    let products = try foreground.conv2d(masked, stride: Self.stride, padding: Self.reach)
    let constants = try (masked * templates).sum(dims: [1, 2, 3])
    let counts = try mask.sum(dims: [1, 2, 3]) * 3
    let shape = [1, constants.count, 1, 1]
    let means = try (squares - products * 2 + constants.reshape(shape)) / counts.reshape(shape)
    let smallest = try means.floats().min() ?? 0
    return Double(max(0, smallest)).squareRoot()
  }

  /// `[T, 4, 64, 64]` in every size and mirrored, each in the middle of 64 x 64 pixels.
  private static func variants(of drawn: Tensor) throws(TorchError) -> Tensor {
    let side = ScoredPicture.side
    let reversed = try Tensor((0..<side).reversed().map(Int64.init), shape: [side])
    let both = try Tensor.cat([drawn, drawn.indexSelect(dim: 3, reversed)], dim: 0)
    var sized: [Tensor] = []
    for frame in frames {
      let margin = (side - frame) / 2
      sized.append(
        try both.bicubicResized(height: frame, width: frame)
          .pad([margin, margin, margin, margin]))
    }
    return try .cat(sized, dim: 0)
  }
}
