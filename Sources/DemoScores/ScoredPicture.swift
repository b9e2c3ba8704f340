import Images
import Torch

/// A picture scaled to 64 x 64 pixels, from which scores are computed.
struct ScoredPicture {
  /// Pixels along each side.
  static let side = 64

  /// The colours row by row from the top.
  let colors: [RGBColor]
  /// The median of the outermost pixels, which the subject hardly touches.
  let background: RGBColor

  /// Throws `TorchError`.
  init(_ image: RGBImage) throws(TorchError) {
    var pixels = image.pixels
    if (image.width, image.height) != (Self.side, Self.side) {
      // [H, W, 3] -> [1, 3, 64, 64] -> [64, 64, 3]
      let planes = try Tensor(image.pixels, shape: [1, image.height, image.width, 3])
        .to(.float32).permute([0, 3, 1, 2])
        .bicubicResized(height: Self.side, width: Self.side)
      pixels = try planes.round().clamp(min: 0, max: 255).to(.uint8).permute([0, 2, 3, 1]).uint8s()
    }
    colors = stride(from: 0, to: pixels.count, by: 3).map {
      RGBColor(red: pixels[$0], green: pixels[$0 + 1], blue: pixels[$0 + 2])
    }
    background = Self.median(colors.indices.filter(Self.isBorder).map { [colors] in colors[$0] })
  }

  /// The colours minus the background's, `[1, 3, 64, 64]`: zero where there is only background.
  func foreground() throws(TorchError) -> Tensor {
    let bytes = colors.flatMap { [$0.red, $0.green, $0.blue] }
    let planes = try Tensor(bytes, shape: [1, Self.side, Self.side, 3])
      .to(.float32).permute([0, 3, 1, 2])
    return try planes - background.plane()
  }

  private static func isBorder(_ index: Int) -> Bool {
    let width = 4
    let inside = width..<side - width
    return !inside.contains(index % side) || !inside.contains(index / side)
  }

  /// The median of each channel.
  private static func median(_ colors: [RGBColor]) -> RGBColor {
    func middle(_ parts: [UInt8]) -> UInt8 { parts.sorted()[parts.count / 2] }
    return RGBColor(
      red: middle(colors.map(\.red)), green: middle(colors.map(\.green)),
      blue: middle(colors.map(\.blue)))
  }
}

extension RGBColor {
  /// This colour as `[1, 3, 1, 1]`.
  func plane() throws(TorchError) -> Tensor {
    try Tensor([Float(red), Float(green), Float(blue)], shape: [1, 3, 1, 1])
  }
}
