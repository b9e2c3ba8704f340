import Files
package import Foundation
package import StableDiffusion

/// A picture of a campaign with everything that its drawing needs.
package struct CampaignJob {
  package let picture: Campaign.Picture
  package let series: PictureSeries
  package let sampler: SchedulerName?
  package let record: PictureRecord
}

/// The pictures of a campaign and their state in its folder.
package struct CampaignPlan {
  /// All pictures in the campaign's order.
  package let jobs: [(job: CampaignJob, state: CampaignFolder.State)]

  private let template: CampaignTemplate
  private let flags: DrawingRequest
  private let campaign: Campaign
  private let folder: CampaignFolder
  private let embeddingNotes: [DrawingNote]

  /// Compares the campaign with the pictures in the folder. Throws `CampaignError`, `DrawingError`,
  /// `SchedulerError`, `OutputError`, `ImageError`.
  ///
  /// - Parameters:
  ///   - flags: options that replace those of the template.
  ///   - images: the start images.
  package init(
    _ template: CampaignTemplate, flags: DrawingRequest, tools: DrawingTools,
    in folder: CampaignFolder, images: StartImages
  ) throws {
    self.template = template
    self.flags = flags
    self.folder = folder
    let campaign = try Campaign(template, flags: flags)
    self.campaign = campaign
    jobs = try campaign.pictures.map { picture in
      let job = try Self.job(picture, flags, tools, images)
      return (job, try folder.state(of: picture.file, wanted: job.record))
    }
    embeddingNotes = tools.embeddingNotes(jobs.map(\.job.series))
  }

  /// The pictures that are missing or changed.
  package var waiting: [CampaignJob] { jobs.filter { $0.state != .drawn }.map(\.job) }

  /// The hash of everything that decides the pictures, which is the same for equal plans. Throws `EncodingError`.
  package func fingerprint() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return try ContentHash.of(
      encoder.encode(jobs.map { CampaignManifest.Line($0.job.picture, $0.job.record) }))
  }

  /// What the user should know about prompts and options, a sentence each, once for all pictures.
  package var notes: [String] {
    var words: [PromptNote] = []
    var others: [String] = []
    for picture in campaign.pictures {
      var options = flags.over(picture.request).options
      options.prompt = picture.prompt
      words += options.promptNotes().filter { note in !words.contains { $0.isSameKind(as: note) } }
      let found = options.adapterNotes + options.withoutEffect
      others += found.filter { !others.contains($0) }
    }
    return words.map(\.sentence) + others + embeddingNotes.map(\.description)
  }

  /// The numbers of drawn, missing and changed pictures, in one sentence.
  package var summary: String {
    let drawn = jobs.count { $0.state == .drawn }
    let changed = jobs.count { $0.state == .changed }
    let columns = campaign.rows.first?.pictures ?? []
    let counts =
      template.lists.map { ($0.name, $0.entries.count) }
      + [
        ("strengths", Set(columns.map(\.strength)).count),
        ("seeds", Set(columns.map(\.seed)).count),
      ]
    let factors = counts.filter { $0.1 > 1 }.map { "\($0.1) \($0.0)" }
    return "\(jobs.count) \(jobs.count == 1 ? "picture" : "pictures")"
      + (factors.isEmpty ? "" : " (\(factors.joined(separator: " x ")))")
      + ": \(drawn) already drawn, \(jobs.count - drawn) to draw"
      + (changed == 0 ? "." : ", \(changed) of them again because their settings have changed.")
  }

  /// Writes the manifest, from the records in the files, and the sheet. Throws `FileAccessError`,
  /// `ImageError`.
  ///
  /// - Returns: the files of the sheet.
  package func finish() throws -> [URL] {
    let lines = try jobs.compactMap { job, _ in
      try folder.record(of: job.picture.file).map { CampaignManifest.Line(job.picture, $0) }
    }
    try CampaignManifest.write(lines, to: folder.file(CampaignManifest.name))
    return try CampaignSheet(campaign, in: folder.url).write()
  }

  private static func job(
    _ picture: Campaign.Picture, _ flags: DrawingRequest, _ tools: DrawingTools,
    _ images: StartImages
  ) throws -> CampaignJob {
    let request = flags.over(picture.request)
    try request.check()
    var options = request.options
    (options.prompt, options.seed, options.count) = (picture.prompt, picture.seed, 1)
    var series = options.series(side: tools.model.resolution)
    let scale = tools.model.vae.scale
    guard series.width.isMultiple(of: scale), series.height.isMultiple(of: scale) else {
      throw DrawingError.size(width: series.width, height: series.height, multiple: scale)
    }
    series.image = try images.image(options, width: series.width, height: series.height)
    let sampler = options.scheduler
    _ = try tools.scheduler(sampler).scheduler(steps: series.steps)
    return CampaignJob(
      picture: picture, series: series, sampler: sampler,
      record: tools.record(
        series, seed: picture.seed, sampler: sampler, times: picture.strength))
  }
}
