import Drawing
import Files
import Foundation
import Options
import Pages
import RunLog
import StableDiffusion
import Workspace

extension Studio {
  func campaignsPage() -> CampaignsPage {
    CampaignsPage(
      campaigns: StudioCampaign.names(in: project).map {
        CampaignsPage.Row(name: $0, address: $0.inPath)
      })
  }

  /// Throws `ConfigError`, `CampaignError`, `RunLogError`.
  func campaignPage(_ campaign: StudioCampaign) throws -> CampaignPage {
    let form = try campaign.form()
    let painter = try campaign.painter()
    var pictures: Campaign?
    var obstacle: String?
    do {
      pictures = try campaign.campaign()
    } catch {
      obstacle = "\(error)".withPlainOptions
    }
    let all = pictures?.pictures ?? []
    let drawn = all.count { campaign.file($0) != nil }
    let installed = BaseModels(project) { _ in }.all
    func choices(_ names: [String], _ key: String) -> [FormField.Choice] {
      names.map { FormField.Choice($0, isSelected: painter[key] == .string($0)) }
    }
    let (model, refiner) = (
      DrawingOptions.schema.key(of: \.$model), DrawingOptions.schema.key(of: \.$refiner)
    )
    return CampaignPage(
      name: campaign.name, address: campaign.name.inPath, prompt: form.prompt,
      lists: form.lists.map {
        CampaignPage.List(name: $0.name, entries: $0.entries.joined(separator: "\n"))
      },
      seeds: form.seeds.joined(separator: " "), strengths: form.strengths.joined(separator: " "),
      checkpoints: try checkpoints(selected: painter[PictureOrder.Field.run.rawValue]?.string),
      models: [FormField.Choice("", title: "the run's")]
        + choices(installed.filter { $0.kind == .base }.map(\.name), model),
      refiners: choices(installed.filter { $0.kind == .refiner }.map(\.name), refiner),
      fields: DrawingOptions.schema.options.filter { CampaignForm.optionKeys.contains($0.key) }
        .map { FormField($0, value: form.options[$0.key] ?? "") },
      obstacle: obstacle,
      summary: "\(drawn) of \(all.count) pictures are drawn.", columns: pictures?.columns ?? [],
      rows: rows(pictures, of: campaign))
  }

  private func rows(_ pictures: Campaign?, of campaign: StudioCampaign) -> [CampaignPage.Row] {
    let stars = campaign.stars()
    return (pictures?.rows ?? []).map { row in
      CampaignPage.Row(
        label: row.label,
        cells: row.pictures.map { picture in
          let source = campaign.file(picture).map { _ in
            "/campaigns/\(campaign.name.inPath)/files/\(picture.file.inPath)"
          }
          return CampaignPage.Cell(
            file: picture.file, source: source, label: "\(picture.prompt), seed \(picture.seed)",
            isStarred: stars.contains(picture.file))
        })
    }
  }

  private func checkpoints(selected: String?) throws -> [DrawPage.CheckpointGroup] {
    let library = try RunLibrary(project)
    return try library.runs().reversed().compactMap { run in
      try checkpoints(of: run, library).map { group in
        DrawPage.CheckpointGroup(
          title: group.title, checkpoints: group.checkpoints.map { $0.selected(selected) })
      }
    }
  }
}
