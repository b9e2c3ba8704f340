import Drawing
import Foundation
import Options
import RunLog
import StableDiffusion
package import Training

/// What a training would need, before it is started.
package struct TrainingForecast: Encodable, Sendable {
  /// The most memory that any part of it takes, in bytes.
  package let peakBytes: Int
  /// What it may use, in bytes.
  package let budgetBytes: Int
  /// How it would save memory, in words.
  package let memory: String
  package let device: String
  /// The steps' time in seconds, as an earlier run took it; nil without a run like it.
  package let seconds: Double?
  /// The earlier run.
  package let run: Int64?

  private enum CodingKeys: String, CodingKey {
    case memory, device, seconds, run
    case peakBytes = "peak_bytes"
    case budgetBytes = "budget_bytes"
  }
}

extension SubjectLibrary {
  /// The memory and the time of a training. Throws `ConfigError`, `BaseModelError`, `DeviceError` and errors
  /// of the model's files.
  package func forecast(_ config: TrainingConfig) throws -> TrainingForecast {
    let models = BaseModels(project) { _ in }
    let name = try config.model ?? models.standardName()
    let plan = try MemoryPlan(config, model: models.open(name))
    let rung = plan.rungs.first(where: \.isChosen) ?? plan.rungs.last
    let earlier = try RunLibrary(project).summaries().last { summary in
      guard summary.secondsPerStep != nil, summary.run.model == name else { return false }
      return Self.isAlike(summary.run, config, on: plan)
    }
    return TrainingForecast(
      peakBytes: rung?.peakBytes ?? 0, budgetBytes: plan.budgetBytes,
      memory: rung?.description ?? "", device: plan.device,
      seconds: earlier?.secondsPerStep.map { $0 * Double(config.steps) }, run: earlier?.run.id)
  }

  /// Whether the steps of a run take about as long as those of a configuration.
  private static func isAlike(_ run: Run, _ config: TrainingConfig, on plan: MemoryPlan) -> Bool {
    do {
      let other = try TrainingConfig(recorded: run)
      return (other.resolution ?? plan.resolution) == plan.resolution
        && other.batchSize == config.batchSize
        && other.gradientAccumulation == config.gradientAccumulation
        && other.precision?.rawValue == plan.precision && other.device == config.device
        && (other.priorImages ?? 0 > 0) == (config.priorImages ?? 0 > 0)
    } catch {
      // Another version's run may have other options.
      return false
    }
  }
}
