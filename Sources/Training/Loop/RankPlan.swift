import Datasets
import Files
import Foundation
import Ranks

/// What rank 0 tells the other ranks before a training: what to train, and from which checkpoint.
struct RankPlan: Codable {
  /// The configuration to train with.
  let config: TrainingConfig
  /// The number of the run.
  let run: Int
  let resume: Resume?
  /// The checkpoint to train from, whose files follow.
  let checkpoint: Checkpoint?

  struct Checkpoint: Codable {
    let step: Int
    let files: [String]
  }

  /// Tells the other ranks what to train, and sends them the checkpoint, so that they need no folder in common.
  /// Throws `RankError`, `FileAccessError`.
  static func send(
    _ setup: TrainingSetup, _ folder: RunFolder, _ checkpoint: CheckpointFolder?,
    _ resume: Resume?, _ ranks: RankGroup
  ) throws {
    let files = checkpoint?.url.entryNames ?? []
    let plan = RankPlan(
      config: setup.config, run: folder.id, resume: resume,
      checkpoint: checkpoint.map { Checkpoint(step: $0.step, files: files) })
    _ = try ranks.fromLeader { plan }
    guard let checkpoint else { return }
    for file in files { _ = try ranks.broadcast(bytes(of: checkpoint.url(of: file))) }
  }

  private static func bytes(of file: URL) throws(FileAccessError) -> Data {
    do {
      return try Data(contentsOf: file)
    } catch {
      throw .unreadable(file: file.relativePath, reason: error.reason)
    }
  }

  /// Receives the plan, and the checkpoint into ``scratch``. Throws `RankError`, `FileAccessError`.
  static func receive(
    _ ranks: RankGroup
  ) throws -> (plan: RankPlan, checkpoint: CheckpointFolder?) {
    let plan = try JSONDecoder().decode(RankPlan.self, from: ranks.broadcast(Data()))
    guard let sent = plan.checkpoint else { return (plan, nil) }
    let folder = scratch.appending(path: RunFolder.stepName(sent.step))
    try DurableFile.makeFolder(folder)
    for file in sent.files {
      try DurableFile.write(ranks.broadcast(Data()), to: folder.appending(path: file))
    }
    return (plan, CheckpointFolder(url: folder, step: sent.step))
  }

  /// The folder of this process for what it receives.
  static let scratch = FileManager.default.temporaryDirectory
    .appending(path: "lora-train-rank-\(CurrentProcess.pid)", directoryHint: .isDirectory)

  static func removeScratch() {
    do {
      try FileManager.default.removeItem(at: scratch)
    } catch {
      // It has received nothing, or the system cleans up.
    }
  }
}

extension TrainingSetup {
  /// This setup with the configuration of rank 0, on its own device.
  func following(_ plan: RankPlan) -> TrainingSetup {
    var setup = self
    setup.config = plan.config
    setup.config.device = config.device
    setup.buckets = AspectBuckets(setup.config.datasetOptions, resolution: resolution)
    return setup
  }
}
