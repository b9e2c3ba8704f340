import ArgumentParser
import DreamBooth
import Foundation
import StableDiffusion

/// `lora-train generate --prompts FILE.yaml`: draws what a template describes and is not there yet.
struct CampaignRun {
  private let command: GenerateCommand
  private let template: CampaignTemplate
  private let campaign: Campaign
  private let given = GivenOptions.ofProcess

  /// Reads the template. Throws `NothingFound`, `ConfigError`, `CampaignError`.
  init(_ command: GenerateCommand, template path: String) throws {
    self.command = command
    guard FileManager.default.fileExists(atPath: path) else {
      throw NothingFound("There is no template \(path); give --prompts a YAML file.")
    }
    template = try CampaignTemplate(contentsOf: URL(filePath: path))
    if template.strengths != nil && command.lora.isEmpty && command.reference == nil {
      throw CampaignError.noAdapter(file: template.file)
    }
    let own = (0..<UInt64(command.count)).map { command.seed + $0 }
    campaign = try Campaign(
      template, seeds: given.contains("--seed", "--count") ? own : template.seeds ?? own)
  }

  /// Draws, or lists with --dry-run. Throws `ExitCode` 130 when the user has stopped it.
  func run() throws {
    let signal = StopSignal()
    let tools = try DrawingTools(command)
    let folder = try CampaignFolder(command.output, overwrite: command.overwrite)
    let images = StartImages()
    let jobs = try campaign.pictures.map { try job($0, tools, images) }
    let states = try jobs.map { try folder.state(of: $0.picture.file, asked: $0.record) }
    let waiting = zip(jobs, states).filter { $1 != .drawn }.map(\.0)
    say(states)
    if command.source.dryRun {
      for (job, state) in zip(jobs, states) {
        try Console.answer("\(state.rawValue)  \(folder.file(job.picture.file).relativePath)")
      }
      return
    }
    try folder.prepare()
    let isStopped = try CampaignDrawing(tools, folder, signal).draw(waiting)
    try finish(folder, jobs)
    if isStopped { throw ExitCode(130) }
  }

  /// Says how much there is to do, and what is not drawn again.
  private func say(_ states: [CampaignFolder.State]) {
    let drawn = states.count { $0 == .drawn }
    let changed = states.count { $0 == .changed }
    let factors = template.lists.map { "\($0.entries.count) \($0.name)" }
    Console.say(
      "\(states.count) pictures"
        + (factors.isEmpty ? "" : " (\(factors.joined(separator: " x ")))")
        + ": \(drawn) drawn already, \(states.count - drawn) to draw"
        + (changed == 0 ? "." : ", \(changed) of them again, since something has changed."))
  }

  /// The manifest by what the files themselves say, and the sheet.
  private func finish(_ folder: CampaignFolder, _ jobs: [CampaignJob]) throws {
    let lines = try jobs.compactMap { job in
      try folder.record(of: job.picture.file).map { CampaignManifest.Line(job.picture, $0) }
    }
    try CampaignManifest.write(lines, to: folder.file(CampaignManifest.name))
    for file in try CampaignSheet(campaign, in: folder.url).write() {
      try Console.answer(file.relativePath)
    }
  }

  /// What the template, the lists' entries and the command line say together; the last one wins.
  private func job(
    _ picture: Campaign.Picture, _ tools: DrawingTools, _ images: StartImages
  ) throws -> CampaignJob {
    let settings = picture.settings
    func choose<Value>(_ option: String, _ said: Value?, _ own: Value) -> Value {
      given.contains(option) ? own : said ?? own
    }
    var command = command
    command.prompt = picture.prompt
    command.negative = choose("--negative", settings.negative, command.negative)
    command.width = choose("--width", settings.width, command.width)
    command.height = choose("--height", settings.height, command.height)
    command.steps = choose("--steps", settings.steps, command.steps)
    command.guidance = choose("--guidance", settings.guidance, command.guidance)
    command.scheduler = choose("--scheduler", settings.scheduler, command.scheduler)
    let series = try command.series(side: tools.side, [picture.seed], images: images)
    let scale = tools.model.vae.scale
    guard series.width.isMultiple(of: scale), series.height.isMultiple(of: scale) else {
      throw DrawingError.size(width: series.width, height: series.height, multiple: scale)
    }
    let sampler = command.sampler
    _ = try tools.scheduler(sampler).scheduler(steps: series.steps)
    return CampaignJob(
      picture: picture, series: series, sampler: sampler,
      record: tools.record(
        series, seed: picture.seed, sampler: sampler, times: picture.strength))
  }
}

/// A picture of a campaign, ready to be drawn.
struct CampaignJob {
  let picture: Campaign.Picture
  let series: PictureSeries
  let sampler: SchedulerName?
  let record: PictureRecord
}
