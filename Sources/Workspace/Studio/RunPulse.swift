import Files
import Foundation
package import RunLog

/// A run at one moment, and its newest steps: what a page needs to follow it.
package struct RunPulse: Encodable, Equatable, Sendable {
  package let id: Int64
  package let status: RunStatus
  package let step: Int
  package let steps: Int
  package let loss: Double?
  package let secondsPerStep: Double?
  package let peakMemoryBytes: Int64?
  package let failure: String?
  /// The number of checkpoints, samples and validations together, which shows that a page is out of date.
  package let records: Int
  /// The steps after a step that the reader knows.
  package let curve: RunCurve
  /// That step.
  package let after: Int

  private enum CodingKeys: String, CodingKey {
    case id, status, step, steps, loss, failure, records, curve, after
    case secondsPerStep = "seconds_per_step"
    case peakMemoryBytes = "peak_memory_bytes"
  }
}

extension ProjectFolder {
  /// The points of a curve that a page shows.
  package static let curvePoints = 600

  /// A recorded run at this moment. It reads the database and the run's lock, and no other file. Throws
  /// `RunLogError`, `RunError`.
  ///
  /// - Parameter step: the curve begins after this step.
  package func pulse(of id: Int64, after step: Int = 0) throws -> RunPulse {
    guard let archive = try RunArchive(at: database) else {
      throw RunError.noRuns(file: database.relativePath)
    }
    let run = try archive.run(id)
    return RunPulse(
      id: id, status: RunSurvey(project: self).status(of: run), step: run.step, steps: run.steps,
      loss: run.loss, secondsPerStep: try archive.secondsPerStep(of: run),
      peakMemoryBytes: run.peakMemoryBytes, failure: run.failure,
      records: try archive.recordCount(of: id),
      curve: try archive.curve(of: run, after: step, points: Self.curvePoints), after: step)
  }
}
