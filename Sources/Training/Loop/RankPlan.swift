import Datasets
import Files
import Foundation
import Options
import Ranks
import Torch

/// What rank 0 tells the other ranks before a training: what to train, and what it knows of itself, which must be
/// the same everywhere.
struct RankPlan: Codable {
  let version: String
  let libtorch: String
  /// The configuration before a resumed run changed it.
  let asked: TrainingConfig
  /// The configuration to train with.
  let config: TrainingConfig
  let identity: RunIdentity
  let run: Int
  let resume: Resume?
  /// The step of the checkpoint to train from, and its files, whose bytes follow.
  let checkpoint: Checkpoint?

  struct Checkpoint: Codable {
    let step: Int
    let files: [String]
  }

  /// Tells the other ranks what to train, and sends them the checkpoint, so that they need no folder in common.
  /// Throws `RankError.differs` if a rank has other settings, data or programs.
  static func send(
    _ setup: TrainingSetup, _ folder: RunFolder, _ checkpoint: CheckpointFolder?,
    _ resume: Resume?, _ ranks: RankGroup
  ) throws {
    let plan = RankPlan(
      version: Version.current, libtorch: Backend.version, asked: setup.asked,
      config: setup.config, identity: setup.identity, run: folder.id, resume: resume,
      checkpoint: checkpoint.map { Checkpoint(step: $0.step, files: $0.url.entryNames) })
    _ = try ranks.fromLeader { plan }
    try agree([], ranks)
    guard let checkpoint, let files = plan.checkpoint?.files else { return }
    for file in files {
      _ = try ranks.broadcast(Data(contentsOf: checkpoint.url(of: file)))
    }
  }

  /// Receives the plan, and the checkpoint into ``scratch``. Throws the errors of ``send(_:_:_:_:_:)``.
  static func receive(
    _ setup: TrainingSetup, _ ranks: RankGroup
  ) throws -> (plan: RankPlan, checkpoint: CheckpointFolder?) {
    let plan = try JSONDecoder().decode(RankPlan.self, from: ranks.broadcast(Data()))
    try agree(setup.differences(from: plan), ranks)
    guard let sent = plan.checkpoint else { return (plan, nil) }
    let folder = scratch.appending(path: RunFolder.stepName(sent.step))
    try DurableFile.makeFolder(folder)
    for file in sent.files {
      try DurableFile.write(ranks.broadcast(Data()), to: folder.appending(path: file))
    }
    return (plan, CheckpointFolder(url: folder, step: sent.step))
  }

  /// Throws `RankError.differs` on all ranks for the first that differs from rank 0.
  private static func agree(_ differences: [String], _ ranks: RankGroup) throws {
    let all = try ranks.gather(differences)
    guard let rank = all.firstIndex(where: { !$0.isEmpty }) else { return }
    throw RankError.differs(ranks.names[rank], differences: all[rank])
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
  /// What differs from the plan of rank 0, such as `rank: 8 instead of 16`.
  fileprivate func differences(from plan: RankPlan) -> [String] {
    var differences: [String] = []
    func compare(_ name: String, _ own: String, _ planned: String) {
      if own != planned { differences.append("\(name): \(own) instead of \(planned)") }
    }
    compare("version", Version.current, plan.version)
    compare("libtorch", Backend.version, plan.libtorch)
    let planned = plan.asked.yamlValues
    for (key, value) in asked.yamlValues.sorted(by: { $0.key < $1.key })
    where !machineKeys.contains(key) {
      compare(key, value, planned[key, default: ""])
    }
    return differences
      + (identity.differences(from: plan.identity)
      + identity.validationDifferences(from: plan.identity)).map(\.description)
  }

  /// The options that may differ between machines.
  private var machineKeys: Set<String> {
    let schema = TrainingConfig.schema
    return Set(
      [
        schema.key(of: \.$device), schema.key(of: \.$threads), schema.key(of: \.$memory),
        schema.key(of: \.$tensorboard),
      ] + (setsRung ? [] : MemoryRung.keys))
  }

  /// This setup with the configuration of rank 0, on its own device.
  func following(_ plan: RankPlan) -> TrainingSetup {
    var setup = self
    setup.config = plan.config
    setup.config.device = config.device
    setup.buckets = AspectBuckets(setup.config.datasetOptions, resolution: resolution)
    return setup
  }
}
