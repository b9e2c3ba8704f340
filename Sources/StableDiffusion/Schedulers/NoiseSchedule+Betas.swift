import Foundation

extension NoiseSchedule {
  /// The noise variance added at each timestep.
  static func betas(_ configuration: SchedulerConfiguration) -> [Float] {
    let (start, end) = (configuration.betaStart, configuration.betaEnd)
    let count = configuration.numTrainTimesteps
    switch configuration.betaSchedule {
    case .linear:
      return linspace(Float(start), Float(end), count: count)
    case .scaledLinear:
      return linspace(Float(start.squareRoot()), Float(end.squareRoot()), count: count)
        .map { $0 * $0 }
    case .squaredCosine:
      return (0..<count).map { index in
        let left = cosineAlphaBar(Double(index) / Double(count))
        let right = cosineAlphaBar(Double(index + 1) / Double(count))
        return Float(min(1 - right / left, 0.999))
      }
    }
  }

  /// Shifts and scales the square roots of the cumulative products so that the last one is zero
  /// and the first stays (Lin et al. 2023, algorithm 1).
  static func rescaledToZeroSNR(_ betas: [Float]) -> [Float] {
    let roots = cumulativeProduct(betas.map { 1 - $0 }).map { $0.squareRoot() }
    let (first, last) = (roots[0], roots[roots.count - 1])
    let factor = first / (first - last)
    let squares = roots.map { root in
      let scaled = (root - last) * factor
      return scaled * scaled
    }
    return [1 - squares[0]] + zip(squares, squares.dropFirst()).map { 1 - $1 / $0 }
  }

  /// The cumulative product, in double precision and rounded at each place, as torch.cumprod on a
  /// CPU.
  static func cumulativeProduct(_ values: [Float]) -> [Float] {
    var product = 1.0
    return values.map { value in
      product *= Double(value)
      return Float(product)
    }
  }

  /// torch.linspace in float32: from both ends to the middle, with fused multiply-add.
  private static func linspace(_ start: Float, _ end: Float, count: Int) -> [Float] {
    let step = (end - start) / Float(count - 1)
    return (0..<count).map { index in
      index < count / 2
        ? start.addingProduct(step, Float(index))
        : end.addingProduct(-step, Float(count - 1 - index))
    }
  }

  private static func cosineAlphaBar(_ time: Double) -> Double {
    let cosine = cos((time + 0.008) / 1.008 * .pi / 2)
    return cosine * cosine
  }
}
