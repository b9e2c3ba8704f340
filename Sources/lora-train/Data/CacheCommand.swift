import ArgumentParser
import Files
import Foundation
import Training
import Workspace

/// `lora-train cache`.
struct CacheCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cache",
    abstract: "Lists, verifies and clears the caches.",
    discussion: """
      Latents, embeddings of captions and class images are computed once and shared by all runs. \
      Deleting them is always safe: missing entries are computed again.
      """,
    subcommands: [CacheListCommand.self, CacheVerifyCommand.self, CacheClearCommand.self],
    defaultSubcommand: CacheListCommand.self)
}

/// `lora-train cache list`.
struct CacheListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists the cached entries and the runs that use them.")

  @Flag(help: "Print one JSON object.")
  var json = false
  @OptionGroup var root: RootOption

  func run() throws {
    try root.noteIfMissing()
    let report = try CacheReport(root.project.cacheFolder)
    try json ? Console.result(json: report) : Console.result(report.text)
  }
}

/// `lora-train cache verify`.
struct CacheVerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Checks every entry against its hash.",
    discussion: "Damaged entries are listed, and the exit code is 65. They are never used.")

  @Flag(help: "Print one JSON object.")
  var json = false
  @OptionGroup var root: RootOption

  private struct Answer: Encodable {
    struct Damage: Encodable {
      let file: String
      let problem: String
    }

    let path: String
    let entries: Int
    let damaged: [Damage]
  }

  func run() throws {
    try root.noteIfMissing()
    let folder = root.project.cacheFolder
    let entries = folder.entries()
    let damaged = entries.compactMap { entry in
      entry.problem().map { Answer.Damage(file: entry.path, problem: $0) }
    }
    if json {
      try Console.result(
        json: Answer(path: folder.url.relativePath, entries: entries.count, damaged: damaged))
    } else {
      for damage in damaged { try Console.result(damage.problem) }
      try Console.result("\(entries.count) entries checked, \(damaged.count) damaged.")
    }
    if !damaged.isEmpty { throw ExitCode(ExitStatus.badData.rawValue) }
  }
}

/// `lora-train cache clear`.
struct CacheClearCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clear",
    abstract: "Removes entries that no run uses, and leftovers of interrupted writes.",
    discussion: "A run uses its entries until its folder is deleted.")

  @Flag(help: "Remove all entries, also those that runs use. They are computed again when needed.")
  var all = false
  @Flag(help: "List what would be removed, and remove nothing.")
  var dryRun = false
  @Flag(help: "Print one JSON object.")
  var json = false
  @OptionGroup var root: RootOption

  private struct Answer: Encodable {
    let path: String
    let removed: [String]
    let bytes: Int
    let dry_run: Bool
  }

  func run() throws {
    try root.noteIfMissing()
    let folder = root.project.cacheFolder
    let removed = try folder.clear(everything: all, dryRun: dryRun)
    let bytes = removed.map(\.bytes).reduce(0, +)
    if json {
      return try Console.result(
        json: Answer(
          path: folder.url.relativePath, removed: removed.map(\.path), bytes: bytes,
          dry_run: dryRun))
    }
    if dryRun { for entry in removed { try Console.result(entry.path) } }
    try Console.result(
      "\(removed.count) files, \(Format.megabytes(bytes)), \(dryRun ? "would be " : "")removed.")
  }
}
