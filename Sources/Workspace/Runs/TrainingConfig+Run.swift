import Foundation
package import RunLog
package import Training

extension TrainingConfig {
  /// The recorded configuration of a run. Throws `RunError.otherVersion`.
  package init(recorded run: Run) throws {
    do {
      self = try JSONDecoder().decode(TrainingConfig.self, from: Data(run.config.utf8))
    } catch {
      throw RunError.otherVersion(run: run.id, version: run.version)
    }
  }
}
