import Files
import Foundation
import Options
import RunLog
import Training
import Workspace

extension ConfigSources {
  /// Reads the files of a training, and prints which were read and which were not. Throws `ConfigError`.
  init(
    _ flags: OptionOverrides<TrainingConfig>, file: ConfigFileOption, root: RootOption
  ) throws(ConfigError) {
    let root = root.project.url
    try self.init(
      flags, file: file.url,
      not: [root, root.deletingLastPathComponent()].map { $0.appending(path: "Configs") })
    if let summary = files.summary { Console.message(summary) }
    for note in files.notes { Console.note(note) }
  }

  /// The configuration. A run that is resumed keeps its length if none is set, and its seeds where they
  /// are negative; so does a finished run that is extended. Prints the seeds in place of negative ones.
  /// Throws `ConfigError`, `RunLogError`, `RunError`.
  ///
  /// - Parameter new: Whether a new run is started.
  func load(new: Bool = false, in project: ProjectFolder) throws -> LoadedConfig {
    let needsRun = !setsLength || drawsSeed || drawsSampleSeeds
    guard !new, needsRun, let subject else { return try stating(load()) }
    let library = try RunLibrary(project)
    guard let run = try library.runs().last(where: { $0.subject == subject }) else {
      return try stating(load())
    }
    let recorded = try TrainingConfig(recorded: run)
    guard run.status == .finished else {
      return try stating(load(resuming: recorded), replacingFrom: run.id)
    }
    let loaded = try load()
    guard drawsSeed, loaded.extends(recorded) else { return stating(loaded) }
    return stating(loaded.withSeed(of: recorded), replacingFrom: run.id)
  }

  /// Prints the seeds in place of negative ones: those drawn at random, and those of a run.
  private func stating(_ loaded: LoadedConfig, replacingFrom run: Int64? = nil) -> LoadedConfig {
    if let seed = loaded.drawnSeed {
      Console.note(drawn: seed)
    } else if let run, drawsSeed {
      Console.note(
        "The seed is \(loaded.config.seed), that of run \(run), since `seed` is negative.")
    }
    if !loaded.drawnSampleSeeds.isEmpty {
      Console.note(drawn: loaded.drawnSampleSeeds, of: "sample_seeds")
    } else if let run, drawsSampleSeeds {
      Console.note(
        "The seeds of `sample_seeds` are \(listing(loaded.config.sampleSeeds.map(String.init))), those of "
          + "run \(run), since one is negative.")
    }
    return loaded
  }
}
