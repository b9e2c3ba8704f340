import Files
import Foundation
package import RunLog
import Training

extension ProjectFolder {
  /// The steps of a run's recorded checkpoints whose folders are missing, in order, without those that
  /// the training itself removes.
  package func lostCheckpoints(
    of run: Run, _ recorded: [CheckpointRecord], validation: [ValidationRecord]
  ) -> [Int] {
    let config: TrainingConfig?
    do {
      config = try TrainingConfig(recorded: run)
    } catch {
      // Another version's run may have other options.
      config = nil
    }
    return folder(of: run).missingCheckpoints(
      recorded.map(\.step), config, validation: validation.map { ValidationReport($0) })
  }
}

/// The sentence on checkpoints that were recorded and are missing.
enum LostCheckpoints {
  static func sentence(_ run: Int64, _ steps: [Int]) -> String {
    "Run \(run) has lost its \(steps.count == 1 ? "checkpoint" : "checkpoints") of step "
      + "\(listing(steps.map(String.init)))."
  }
}

extension RunError {
  /// The error for a run that has lost all its checkpoints. Names the folder that has them under another
  /// name, and a link to a disk that is not mounted.
  static func missingCheckpoints(of run: Run, in project: ProjectFolder) -> any Error {
    let folder = project.folder(of: run).url
    for url in [folder.deletingLastPathComponent(), folder] {
      if let error = FileAccessError.danglingLink(url) { return error }
    }
    return RunError.checkpointsGone(
      run: run.id, step: run.step, folder: folder.relativePath,
      renamed: RunFolder.renamed(run.id, from: folder)?.url.relativePath)
  }
}

extension RunFolder {
  /// The folder beside a run's that contains its checkpoints; nil if there is none.
  fileprivate static func renamed(_ run: Int64, from folder: URL) -> RunFolder? {
    let parent = folder.deletingLastPathComponent()
    return parent.entryNames.map { RunFolder(parent.appending(path: $0)) }.first { other in
      do {
        return try other.checkpoints.first?.state().run == Int(run)
      } catch {
        // A damaged neighbour.
        return false
      }
    }
  }
}
