import Drawing
import NN
package import StableDiffusion
import Torch

/// What a training would need on each rung of its memory ladder, without a dataset.
package struct MemoryPlan: Encodable, Sendable {
  package struct Rung: Encodable, Sendable {
    package let description: String
    package let gradientCheckpointing: Bool
    package let checkpointingExtent: String?
    package let frozenWeights: String
    package let offloadedShare: Double
    /// The side of the squares in which samples are decoded, in pixels; nil for whole pictures.
    package let sampleTile: Int?
    package let estimate: MemoryEstimate
    /// The most that any part of the training takes, in bytes.
    package let peakBytes: Int
    package let fits: Bool
    /// Whether a training with these settings would begin here.
    package let isChosen: Bool
    package let relativeTime: Double

    private enum CodingKeys: String, CodingKey {
      case description
      case gradientCheckpointing = "gradient_checkpointing"
      case checkpointingExtent = "checkpointing_extent"
      case frozenWeights = "frozen_weights"
      case offloadedShare = "offloaded_share"
      case sampleTile = "sample_tile"
      case estimate = "bytes"
      case peakBytes = "peak_bytes"
      case fits
      case isChosen = "chosen"
      case relativeTime = "relative_time"
    }
  }

  package let device: String
  package let resolution: Int
  package let precision: String
  /// What the training may use, in bytes.
  package let budgetBytes: Int
  package let rungs: [Rung]

  private enum CodingKeys: String, CodingKey {
    case device, resolution, precision, rungs
    case budgetBytes = "budget_bytes"
  }

  /// Estimates the rungs that a configuration allows. Throws `DeviceError`, `AdapterError`, `TorchError`.
  package init(_ config: TrainingConfig, model: ModelDirectory) throws {
    let device = try config.device.resolve()
    let precision = config.precision ?? .standard(on: device)
    let ladder = try MemoryLadder(config, model: model, device: device, dtype: precision.dtype)
    self.device = "\(device)"
    self.precision = precision.rawValue
    resolution = config.resolution ?? model.resolution
    budgetBytes = ladder.budget
    rungs = ladder.steps.enumerated().map { index, step in
      Rung(
        description: step.rung.description,
        gradientCheckpointing: step.rung.checkpointing != nil,
        checkpointingExtent: step.rung.checkpointing?.rawValue,
        frozenWeights: step.rung.weights.rawValue, offloadedShare: step.rung.offloadedShare,
        sampleTile: step.estimate.sampleTile, estimate: step.estimate,
        peakBytes: step.estimate.peak, fits: step.estimate.peak <= ladder.budget,
        isChosen: index == ladder.start, relativeTime: step.relativeTime)
    }
  }
}
