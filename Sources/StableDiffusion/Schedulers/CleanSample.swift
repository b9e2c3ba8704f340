import Torch

extension PredictionType {
  /// The clean sample that a prediction implies if the sample is `alpha clean + sigma noise`.
  func clean(
    from modelOutput: Tensor, sample: Tensor, alpha: Float, sigma: Float
  ) throws(TorchError) -> Tensor {
    switch self {
    case .epsilon: try (sample - modelOutput * Double(sigma)) / Double(alpha)
    case .vPrediction: try sample * Double(alpha) - modelOutput * Double(sigma)
    case .sample: modelOutput
    }
  }

  /// The clean sample that a prediction implies if the sample is `clean + sigma noise` and the
  /// UNet's input was the sample divided by its standard deviation.
  func clean(
    from modelOutput: Tensor, sample: Tensor, sigma: Float
  ) throws(TorchError) -> Tensor {
    switch self {
    case .epsilon:
      return try sample - modelOutput * Double(sigma)
    case .vPrediction:
      let variance = sigma * sigma + 1
      let scaled = try modelOutput * Double(-sigma / variance.squareRoot())
      return try scaled + sample / Double(variance)
    case .sample:
      return modelOutput
    }
  }
}

extension SchedulerConfiguration {
  /// The clean sample, limited to `clipSampleRange` if `clipSample` is set.
  func clipped(_ clean: Tensor) throws(TorchError) -> Tensor {
    clipSample ? try clean.clamp(min: -clipSampleRange, max: clipSampleRange) : clean
  }
}
