public import Files
import Torch

/// A sampler that cannot be made.
public enum SchedulerError: ReportableError, Equatable {
  /// The configuration names a sampler that is not implemented.
  case unknownClass(String)
  /// No steps, or more than the sampler can take with this model.
  case steps(Int, limit: Int)
  /// The spacing leads to a timestep that the model was not trained on.
  case timestep(Int, steps: Int, limit: Int)
  /// The sampler would visit a timestep twice, and it divides by the distance between timesteps.
  case repeatedTimestep(steps: Int)

  /// Throws `steps` unless `steps` is in `1...limit`.
  static func check(_ steps: Int, limit: Int) throws(SchedulerError) {
    guard (1...limit).contains(steps) else { throw .steps(steps, limit: limit) }
  }

  /// The kind of error.
  public var kind: ErrorKind {
    switch self {
    case .unknownClass: .badData
    case .steps, .timestep, .repeatedTimestep: .usage
    }
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .unknownClass(let name):
      """
      scheduler_config.json: the sampler \(name) is not implemented, so this model can be trained \
      (with `sample_every: 0`) but cannot draw; give `scheduler` one of \
      \(SchedulerName.allowed), or set _class_name to EulerDiscreteScheduler.
      """
    case .steps(let steps, let limit):
      "A picture cannot be drawn in \(steps) steps; choose from 1 to \(limit) steps."
    case .timestep(let timestep, let steps, let limit):
      """
      A picture cannot be drawn in \(steps) steps: they begin at timestep \(timestep), and the model \
      was trained on 0 to \(limit); choose fewer steps.
      """
    case .repeatedTimestep(let steps):
      """
      A picture cannot be drawn in \(steps) steps with this sampler, which would visit a timestep \
      twice; choose fewer steps.
      """
    }
  }
}
