public import Torch

extension AutoencoderKL {
  /// As ``encode(_:)``, one square of the image at a time, so that the memory does not grow with
  /// the image. The squares overlap by a quarter and are blended (diffusers
  /// `AutoencoderKL.tiled_encode`, tile_overlap_factor 0.25). The norms of a square use its own
  /// pixels only, so the latents are close to those of ``encode(_:)``, but not equal.
  ///
  /// - Parameters:
  ///   - images: `[B, 3, H, W]`.
  ///   - tileSize: side of the squares in pixels, a multiple of 4 * scale; nil for `sampleSize`, as
  ///     in diffusers.
  public func tiledEncode(_ images: Tensor, tileSize: Int? = nil) throws -> DiagonalGaussian {
    let size = tileSize ?? configuration.sampleSize
    let moments = try tiled(
      images, Tiles(size: size, outputSize: size / configuration.scale)
    ) { try self.moments(of: $0) }
    return try DiagonalGaussian(moments: moments)
  }

  /// As ``decode(_:)``, one square at a time, in the way of ``tiledEncode(_:tileSize:)`` (diffusers
  /// `AutoencoderKL.tiled_decode`).
  ///
  /// - Parameters:
  ///   - latents: `[B, C, H, W]`, after `unscaled`.
  ///   - tileSize: side of the squares in pixels; nil for `sampleSize`.
  public func tiledDecode(_ latents: Tensor, tileSize: Int? = nil) throws -> Tensor {
    let size = tileSize ?? configuration.sampleSize
    return try tiled(latents, Tiles(size: size / configuration.scale, outputSize: size)) {
      try self.decode($0)
    }
  }

  /// The results of `transform` on overlapping squares of `[B, C, H, W]`, blended.
  private func tiled(
    _ input: Tensor, _ tiles: Tiles, _ transform: (Tensor) throws -> Tensor
  ) throws -> Tensor {
    let (height, width) = (input.shape[2], input.shape[3])
    var rows: [Tensor] = []
    var above: [Tensor] = []
    for top in stride(from: 0, to: height, by: tiles.stride) {
      var row: [Tensor] = []
      for left in stride(from: 0, to: width, by: tiles.stride) {
        let square =
          try input
          .narrow(dim: 2, start: top, length: min(tiles.size, height - top))
          .narrow(dim: 3, start: left, length: min(tiles.size, width - left))
        var tile = try transform(square)
        if !above.isEmpty {
          tile = try tile.blended(from: above[row.count], dim: 2, over: tiles.blended)
        }
        if let last = row.last { tile = try tile.blended(from: last, dim: 3, over: tiles.blended) }
        row.append(tile)
      }
      rows.append(
        try .cat(
          row.map { try $0.first(tiles.kept, dim: 2).first(tiles.kept, dim: 3) }, dim: 3))
      above = row
    }
    return try .cat(rows, dim: 2)
  }
}

/// Squares that overlap by a quarter.
private struct Tiles {
  /// Side of a square of the input.
  let size: Int
  /// Side of its output.
  let outputSize: Int

  /// The distance from one square to the next.
  var stride: Int { size * 3 / 4 }
  /// How much of the output is blended with the square before.
  var blended: Int { outputSize / 4 }
  /// How much of the output is not blended with the square after.
  var kept: Int { outputSize - blended }
}

extension Tensor {
  /// The first `length` slices, or all if there are fewer.
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
