import ArgumentParser
import Drawing
import Foundation
import Ranks

/// `lora-train generate --prompts FILE.yaml`: draws the pictures of a template that do not exist yet.
struct CampaignRun {
  private let template: CampaignTemplate
  private let flags: DrawingRequest
  private let folder: CampaignFolder
  private let dryRun: Bool
  private let ranks: RankGroup?

  /// Throws `NothingFound`, `ConfigError`, `CampaignError`, `OutputError`.
  init(
    template path: String, flags: DrawingRequest, output: GenerateCommand.OutputFlags,
    dryRun: Bool, ranks: RankGroup?
  ) throws {
    guard FileManager.default.fileExists(atPath: path) else {
      throw NothingFound("There is no template \(path); give --prompts a YAML file.")
    }
    template = try CampaignTemplate(contentsOf: URL(filePath: path))
    try flags.check()
    folder = try CampaignFolder(output.output, overwrite: output.overwrite)
    self.flags = flags
    self.dryRun = dryRun
    self.ranks = ranks
  }

  /// Draws the pictures, or lists them with --dry-run. Throws `ExitCode` 130 if the user stops it.
  func run(with tools: (DrawingOptions) throws -> DrawingTools) throws {
    let signal = StopSignal()
    let tools = try tools(flags.options)
    let plan = try CampaignPlan(
      template, flags: flags, tools: tools, in: folder, images: StartImages { Console.message($0) })
    if !template.drawnSeeds.isEmpty { Console.note(drawn: template.drawnSeeds, of: "seeds") }
    for note in plan.notes { Console.note(note) }
    Console.message(plan.summary)
    if dryRun {
      guard ranks?.isLeader ?? true else { return }
      for (job, state) in plan.jobs {
        try Console.result("\(state.rawValue)  \(folder.file(job.picture.file).relativePath)")
      }
      return
    }
    try folder.prepare()
    let isStopped = try draw(plan, tools, signal)
    guard ranks?.isLeader ?? true else {
      if isStopped { throw ExitCode(130) }
      return
    }
    for file in try plan.finish() { try Console.result(file.relativePath) }
    if isStopped { throw ExitCode(130) }
  }

  /// Returns whether the user has stopped it. The pictures drawn so far are written.
  private func draw(
    _ plan: CampaignPlan, _ tools: DrawingTools, _ signal: StopSignal
  ) throws -> Bool {
    let display = DrawingDisplay()
    defer { display.end() }
    let jobs = try own(plan)
    do {
      try ranks.drawing {
        try CampaignDrawing(tools, in: folder).draw(
          jobs,
          progress: { progress in
            display.show(progress)
            if ranks.isStopped(by: signal) { throw Stopped() }
          },
          note: { display.note("\($0)") },
          written: { file in
            display.end()
            try Console.result(file.relativePath)
          })
      }
      return false
    } catch is Stopped {
      return true
    }
  }

  /// The pictures to draw here. Those that rank 0 finds missing are dealt out to the ranks. Throws `RankError`.
  private func own(_ plan: CampaignPlan) throws -> [CampaignJob] {
    guard let ranks else { return plan.waiting }
    try ranks.requireSame(["pictures": plan.fingerprint()])
    let waiting = try ranks.fromLeader { plan.waiting.map(\.picture.file) }
    let files = Set(waiting.indices.filter(ranks.share.contains).map { waiting[$0] })
    return plan.jobs.map(\.job).filter { files.contains($0.picture.file) }
  }
}
