public import Torch

extension AutoencoderKL {
  /// As ``encode(_:)``, a square of the picture at a time, so that the memory does not grow with the
  /// picture: the squares overlap by a quarter and are blended into each other (diffusers
  /// `AutoencoderKL.tiled_encode`, tile_overlap_factor 0.25). What a square does not show is missing
  /// from its normalizations, so the latents are close to those of ``encode(_:)``, and not the same.
  ///
  /// - Parameters:
  ///   - pictures: `[B, 3, H, W]`.
  ///   - tileSize: side of the squares in pixels, a multiple of 4 * scale; nil: the side that the
  ///     model was trained for, as diffusers has it.
  public func tiledEncode(_ pictures: Tensor, tileSize: Int? = nil) throws -> DiagonalGaussian {
    let size = tileSize ?? configuration.sampleSize
    let blended = size / configuration.scale / 4
    let kept = size / configuration.scale - blended
    let stride = size - size / 4
    let (height, width) = (pictures.shape[2], pictures.shape[3])
    var rows: [Tensor] = []
    var above: [Tensor] = []
    for top in Swift.stride(from: 0, to: height, by: stride) {
      var row: [Tensor] = []
      for left in Swift.stride(from: 0, to: width, by: stride) {
        let pixels =
          try pictures
          .narrow(dim: 2, start: top, length: min(size, height - top))
          .narrow(dim: 3, start: left, length: min(size, width - left))
        var tile = try moments(of: pixels)
        if !above.isEmpty { tile = try tile.blended(from: above[row.count], dim: 2, over: blended) }
        if let last = row.last { tile = try tile.blended(from: last, dim: 3, over: blended) }
        row.append(tile)
      }
      rows.append(
        try .cat(
          row.map { try $0.first(kept, dim: 2).first(kept, dim: 3) }, dim: 3))
      above = row
    }
    return try DiagonalGaussian(moments: .cat(rows, dim: 2))
  }
}

extension Tensor {
  /// At most so many slices from the first.
  fileprivate func first(_ length: Int, dim: Int) throws -> Tensor {
    try narrow(dim: dim, start: 0, length: min(length, shape[dim]))
  }

  /// The end of `before` faded into the beginning of this tensor (diffusers `blend_v`, `blend_h`).
  fileprivate func blended(from before: Tensor, dim: Int, over length: Int) throws -> Tensor {
    let length = min(length, shape[dim], before.shape[dim])
    guard length > 0 else { return self }
    var sizes = Array(repeating: 1, count: dimensions)
    sizes[dim] = length
    let weight = try (Tensor.arange(end: Double(length)) / Double(length))
      .reshape(sizes).to(dtype).to(device)
    let end = try before.narrow(dim: dim, start: before.shape[dim] - length, length: length)
    let mixed = try end * (1 - weight) + narrow(dim: dim, start: 0, length: length) * weight
    let rest = try narrow(dim: dim, start: length, length: shape[dim] - length)
    return try .cat([mixed, rest], dim: dim)
  }
}
