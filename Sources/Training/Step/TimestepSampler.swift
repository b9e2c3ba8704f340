import Datasets
import Foundation
import Torch

/// Draws the timestep of each sample, as a pure function of seed, step and sample.
struct TimestepSampler: Sendable {
  private let distribution: TimestepDistribution
  private let range: Range<Int>
  private let scale: Double
  private let bias: Double
  /// The sums of the probabilities up to each timestep of the range, for sigmoid.
  private let cumulative: [Double]

  /// - Parameter count: The number of the model's timesteps.
  init(_ options: ObjectiveOptions, count: Int) {
    distribution = options.timestepDistribution
    range = options.minTimestep..<min(options.maxTimestep ?? count, count)
    scale = options.timestepScale
    bias = options.timestepBias
    cumulative =
      distribution == .sigmoid
      ? Self.cumulative(Self.curve(range.count, scale: scale, bias: bias)) : []
  }

  /// The timestep of a sample of a step.
  func timestep(seed: UInt64, step: Int, sample: Int) throws -> Int {
    switch distribution {
    case .uniform:
      return range.lowerBound
        + CounterRandom.index(
          below: range.count, seed: seed, step: step, sample: sample, purpose: .timestep)
    case .sigmoid:
      return timestep(
        share: CounterRandom.share(seed: seed, step: step, sample: sample, purpose: .timestep))
    case .logitNormal:
      let seed = CounterRandom.value(seed: seed, step: step, sample: sample, purpose: .timestep)
      return timestep(normal: try Generator(seed: seed).normal([1]).item())
    }
  }

  /// The timestep up to which lie the shares above `share` of the curve.
  func timestep(share: Double) -> Int {
    let place = cumulative.firstIndex { $0 > share } ?? range.count - 1
    return range.lowerBound + place
  }

  /// The timestep of a standard normal number, in the float32 steps of the reference.
  func timestep(normal: Double) -> Int {
    let place = 1 / (1 + exp(-(Float(bias) + Float(scale) * Float(normal))))
    return range.lowerBound + min(Int(place * Float(range.count)), range.count - 1)
  }

  /// The height of the logistic curve at each of `count` timesteps.
  static func curve(_ count: Int, scale: Double, bias: Double) -> [Double] {
    (0..<count).map { index in
      let place = count == 1 ? 0 : Double(index) / Double(count - 1)
      return 1 / (1 + exp(-scale * (place - bias - 0.5)))
    }
  }

  private static func cumulative(_ heights: [Double]) -> [Double] {
    let total = heights.reduce(0, +)
    var sum = 0.0
    return heights.map { height in
      sum += height
      return sum / total
    }
  }
}
