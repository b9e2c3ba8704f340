import Foundation
import Torch

/// Noise with layers of ever coarser noise (Johnowhitaker 2023, sd-scripts `pyramid_noise_like`).
enum MultiresolutionNoise {
  /// Adds layers to noise `[B, C, h, w]`, and scales the sum to a standard deviation of 1.
  ///
  /// - Parameters:
  ///   - ratios: For each layer how much coarser it is than the one before, 2 to 4. The first is as fine as
  ///     the noise. No layer follows one with a side of 1.
  ///   - discount: The strength of a layer relative to the one before.
  ///   - draw: Draws the standard normal numbers of a layer.
  static func adding(
    to noise: Tensor, ratios: [Double], discount: Double, draw: ([Int]) throws -> Tensor
  ) throws -> Tensor {
    let (height, width) = (noise.shape[2], noise.shape[3])
    var sum = noise
    for (layer, ratio) in ratios.enumerated() {
      let coarseness = pow(ratio, Double(layer))
      let rows = max(1, Int(Double(height) / coarseness))
      let columns = max(1, Int(Double(width) / coarseness))
      let coarse = try draw(Array(noise.shape[..<2]) + [rows, columns])
      let fine = try interpolation(from: rows, to: height).matmul(coarse)
        .matmul(interpolation(from: columns, to: width).transpose(0, 1))
      sum = try sum + fine * pow(discount, Double(layer))
      if rows == 1 || columns == 1 { break }
    }
    let deviations = try sum - sum.mean()
    let variance = try deviations.square().sum() / Double(sum.count - 1)
    return try sum / variance.sqrt()
  }

  /// The matrix `[to, from]` of linear interpolation between the middles of pixels (torch
  /// `interpolate` with `align_corners=False`).
  private static func interpolation(from count: Int, to fine: Int) throws(TorchError) -> Tensor {
    var weights = [Float](repeating: 0, count: fine * count)
    let scale = Float(count) / Float(fine)
    for row in 0..<fine {
      let place = max(0, scale * (Float(row) + 0.5) - 0.5)
      let first = min(Int(place), count - 1)
      let second = min(first + 1, count - 1)
      let share = place - Float(first)
      weights[row * count + first] += 1 - share
      weights[row * count + second] += share
    }
    return try Tensor(weights, shape: [fine, count])
  }
}
