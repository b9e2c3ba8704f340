import ArgumentParser
import Foundation
import Training
import Workspace

/// `lora-train cache`.
struct CacheCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cache",
    abstract: "Lists, verifies and clears what was computed from pictures and captions.",
    discussion: """
      Latents, embeddings of captions, and class images are computed once and kept for all runs. \
      Deleting them is always safe: what is missing is computed again.
      """,
    subcommands: [CacheListCommand.self, CacheVerifyCommand.self, CacheClearCommand.self],
    defaultSubcommand: CacheListCommand.self)
}

/// `lora-train cache list`.
struct CacheListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Says what is kept, and which runs use it.")

  @Flag(help: "Print one JSON object.")
  var json = false
  @OptionGroup var root: RootOption

  func run() throws {
    let report = try CacheReport(root.project.cacheFolder)
    try json ? Console.answer(json: report) : Console.answer(report.text)
  }
}

/// `lora-train cache verify`.
struct CacheVerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Checks every entry against the hash that it was written with.",
    discussion: "Damaged entries are named, and the exit code is 65; they are never used.")

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
    let folder = root.project.cacheFolder
    let entries = folder.entries()
    let damaged = entries.compactMap { entry in
      entry.problem().map { Answer.Damage(file: entry.path, problem: $0) }
    }
    if json {
      try Console.answer(
        json: Answer(path: folder.url.relativePath, entries: entries.count, damaged: damaged))
    } else {
      for damage in damaged { try Console.answer(damage.problem) }
      try Console.answer("\(entries.count) entries checked, \(damaged.count) damaged.")
    }
    if !damaged.isEmpty { throw ExitCode(ExitStatus.badData.rawValue) }
  }
}

/// `lora-train cache clear`.
struct CacheClearCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clear",
    abstract: "Removes what no run uses, and what interrupted writing has left behind.",
    discussion: "A run uses its entries for as long as its folder is there.")

  @Flag(help: "Remove everything, also what runs use; it is computed again when it is needed.")
  var all = false
  @Flag(help: "Only say what would be removed.")
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
    let folder = root.project.cacheFolder
    let removed = try folder.clear(everything: all, dryRun: dryRun)
    let bytes = removed.map(\.bytes).reduce(0, +)
    if json {
      return try Console.answer(
        json: Answer(
          path: folder.url.relativePath, removed: removed.map(\.path), bytes: bytes,
          dry_run: dryRun))
    }
    if dryRun { for entry in removed { try Console.answer(entry.path) } }
    try Console.answer(
      "\(removed.count) files, \(Format.megabytes(bytes)), \(dryRun ? "would be " : "")removed.")
  }
}
