import Foundation
import Torch

/// One update of UniPC between two noise levels (Zhao et al. 2023, sections 3.1 to 3.3), in the
/// float32 steps of diffusers.
struct UniPCUpdate {
  private let order: Int
  /// The distances in lambda from the start of the update to the levels before it and to its end,
  /// in units of the last.
  private let places: [Float]
  private let sampleScale: Float
  private let cleanScale: Float
  private let slopeScale: Float
  private let moments: [Float]

  /// - Parameters:
  ///   - levels: `order - 1` levels before the start, the start, and the end.
  ///   - isFirstVariant: whether B(h) is h (`bh1`) or e^h - 1 (`bh2`).
  init(_ levels: [SignalLevel], isFirstVariant: Bool) {
    order = levels.count - 1
    let (start, end) = (levels[order - 1], levels[order])
    let length = end.lambda - start.lambda
    places =
      levels.dropLast(2).reversed().map { ($0.lambda - start.lambda) / length } + [1]
    let growth = expm1(-length)
    let weight = isFirstVariant ? -length : growth
    var (phi, factorial) = (growth / -length - 1, Float(1))
    var moments: [Float] = []
    for power in 1...order {
      moments.append(phi * factorial / weight)
      factorial *= Float(power + 1)
      phi = phi / -length - 1 / factorial
    }
    self.moments = moments
    sampleScale = end.sigma / start.sigma
    cleanScale = end.alpha * growth
    slopeScale = end.alpha * weight
  }

  /// The latent at the end of the update, from the clean latents before it.
  func predicted(_ sample: Tensor, history: [Tensor]) throws(TorchError) -> Tensor {
    let weights: [Float] = order == 2 ? [0.5] : solution(size: order - 1)
    return try updated(sample, history, slopes: slopes(history), weights)
  }

  /// The same, corrected with the clean latent at the end.
  func corrected(
    _ sample: Tensor, history: [Tensor], clean: Tensor
  ) throws(TorchError) -> Tensor {
    let weights: [Float] = order == 1 ? [0.5] : solution(size: order)
    let last = try clean - history[history.count - 1]
    return try updated(sample, history, slopes: slopes(history) + [last], weights)
  }

  private func updated(
    _ sample: Tensor, _ history: [Tensor], slopes: [Tensor], _ weights: [Float]
  ) throws(TorchError) -> Tensor {
    let clean = history[history.count - 1]
    var next = try sample * Double(sampleScale) - clean * Double(cleanScale)
    var sum: Tensor?
    for (slope, weight) in zip(slopes, weights) {
      let term = try slope * Double(weight)
      sum = if let sum { try sum + term } else { term }
    }
    if let sum { next = try next - sum * Double(slopeScale) }
    return next
  }

  /// The slopes from the clean latent at the start to those before it.
  private func slopes(_ history: [Tensor]) throws(TorchError) -> [Tensor] {
    let clean = history[history.count - 1]
    var slopes: [Tensor] = []
    for (index, place) in places.dropLast().enumerated() {
      slopes.append(try (history[history.count - 2 - index] - clean) / Double(place))
    }
    return slopes
  }

  /// The weights w of the first `size` places p that give the first moments: the sum of w p^k is
  /// moment k for each k.
  private func solution(size: Int) -> [Float] {
    var rows = (0..<size).map { power in
      places.prefix(size).map { pow($0, Float(power)) } + [moments[power]]
    }
    for column in 0..<size {
      let pivot = (column..<size).max { abs(rows[$0][column]) < abs(rows[$1][column]) } ?? column
      rows.swapAt(column, pivot)
      for row in 0..<size where row != column {
        let factor = rows[row][column] / rows[column][column]
        for place in column...size { rows[row][place] -= factor * rows[column][place] }
      }
    }
    return (0..<size).map { rows[$0][size] / rows[$0][$0] }
  }
}
