package import Drawing
package import Foundation

extension ResidentDrawing {
  /// Draws the pictures of a campaign that are missing or changed, then its sheet and manifest. The models that
  /// are in memory are freed first. Throws as `CampaignDrawing.draw`, and what `progress` throws.
  package func draw(
    campaign template: URL, _ request: DrawingRequest, to folder: URL,
    note: @escaping @Sendable (String) -> Void,
    progress: @Sendable (DrawingProgress) throws -> Void
  ) throws {
    free()
    let template = try CampaignTemplate(contentsOf: template)
    let folder = try CampaignFolder(folder.relativePath, overwrite: false)
    let tools = try BaseModels(project) { if case .note(let sentence) = $0 { note(sentence) } }
      .tools(request.options, caches: project.caches)
    let plan = try CampaignPlan(
      template, flags: request, tools: tools, in: folder, images: StartImages { note($0) })
    for sentence in plan.notes { note(sentence) }
    try folder.prepare()
    let drawn = Result {
      try CampaignDrawing(tools, in: folder)
        .draw(plan.waiting, progress: progress, note: { note("\($0)") }, written: { _ in })
    }
    // The sheet and the manifest have what is drawn so far.
    _ = try plan.finish()
    try drawn.get()
  }
}
