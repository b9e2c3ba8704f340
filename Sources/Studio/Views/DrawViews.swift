import Drawing
import Foundation
import Options
import Pages
import RunLog
import StableDiffusion
import Training
import Workspace

extension Studio {
  private static let picturesPerPage = 60

  /// Throws `RunLogError` and errors of the project folder.
  func drawPage(before: Int64?, isStarred: Bool) throws -> DrawPage {
    let library = try RunLibrary(project)
    let models = BaseModels(project) { _ in }
    let installed = models.all
    let pictures = try pictures(
      before: before, starred: isStarred, limit: Self.picturesPerPage + 1)
    let shown = pictures.prefix(Self.picturesPerPage)
    let last = pictures.count > shown.count ? shown.last?.picture.id : nil
    let names = installed.filter { $0.kind == .base }.map(\.name)
    let refiners = installed.filter { $0.kind == .refiner }.map(\.name)
    return DrawPage(
      checkpoints: try library.runs().reversed().compactMap { try checkpoints(of: $0, library) },
      models: [FormField.Choice("", title: "the run's, else \(Self.standardModel(names))")]
        + names.map { FormField.Choice($0) },
      refiners: refiners.map { FormField.Choice($0) }, adapters: project.adapterFiles,
      adapterFolder: project.adapters.relativePath,
      sizes: Self.sizes, steps: field(\.$steps), guidance: field(\.$guidance),
      modelFields: Self.fields { [.model, .refiner].contains($0) }, sections: Self.sections,
      pictures: try shown.map { try card($0) },
      older: last.map { "/draw?before=\($0)\(isStarred ? "&starred=true" : "")" },
      isStarred: isStarred)
  }

  /// Throws `StudioError.noPicture`, `RunLogError`.
  func picturePage(_ id: Int64) throws -> PicturePage {
    let found = try picture(id)
    let gallery = try queue.gallery.reading()
    return PicturePage(
      card: try card(found), facts: try record(of: found.picture).facts,
      previous: try gallery?.picture(id + 1)?.id, next: try gallery?.picture(id - 1)?.id)
  }

  /// Throws `StudioError.noPicture`, `RunLogError`.
  func pairPage(_ id: Int64, _ other: Int64) throws -> PairPage {
    let pictures = try [picture(id), picture(other)]
    let facts = try pictures.map { try record(of: $0.picture).facts }
    let names =
      facts[0].map(\.name)
      + facts[1].map(\.name).filter { name in
        !facts[0].contains { $0.name == name }
      }
    let differences = names.compactMap { name -> PairPage.Difference? in
      let values = facts.map { side in side.first { $0.name == name }?.value ?? "none" }
      return values[0] == values[1]
        ? nil : PairPage.Difference(name, left: values[0], right: values[1])
    }
    return PairPage(
      left: try card(pictures[0]), right: try card(pictures[1]), differences: differences)
  }

  /// The checkpoints of a run to choose from; nil if it has none. Throws `RunLogError`.
  func checkpoints(of run: Run, _ library: RunLibrary) throws -> DrawPage.CheckpointGroup? {
    let steps = project.folder(of: run).checkpoints.map(\.step)
    guard !steps.isEmpty else { return nil }
    let records = try library.detail(of: run, withLosses: false)
    let best = ValidationRanking(
      records.validation.map { ValidationReport($0) }, checkpoints: steps)?.best?.step
    return DrawPage.CheckpointGroup(
      title: "Run \(run.id): \(run.subject)",
      checkpoints: steps.map { step in
        FormField.Choice(
          "\(run.id)@\(step)",
          title:
            "\(run.subject)@\(step) (run \(run.id)\(step == best && steps.count > 1 ? ", best" : ""))"
        )
      })
  }

  private static func standardModel(_ installed: [String]) -> String {
    BaseModels.standard.first(where: installed.contains) ?? "none is installed"
  }

  /// The sizes that SDXL was trained with (Podell et al. 2023, appendix I), those near a megapixel.
  private static let sizes =
    [FormField.Choice("", title: "model's own", isSelected: true)]
    + [
      (1024, 1024), (1152, 896), (896, 1152), (1216, 832), (832, 1216), (1344, 768), (768, 1344),
      (1536, 640), (640, 1536),
    ].map { FormField.Choice("\($0)x\($1)", title: "\($0) × \($1)") }
    + [FormField.Choice("own", title: "as below")]

  private func field<Value>(
    _ option: KeyPath<DrawingOptions, DrawingOptions.Option<Value>>
  ) -> FormField {
    let schema = DrawingOptions.schema
    return FormField(schema.options.first { $0.key == schema.key(of: option) })
  }

  /// The sections of the options that have no place of their own in the form.
  private static let sections: [FormSection] = {
    let titles = [OptionSection.picture.title: "Sampler"]
    return DrawingOptions.schema.sections.compactMap { section in
      let fields = fields { $0 == section && ![.model, .refiner].contains($0) }
      return fields.isEmpty
        ? nil : FormSection(title: titles[section.title] ?? section.title, fields: fields)
    }
  }()

  /// The fields of the sections that are chosen, without those that the form's template has.
  private static func fields(in isChosen: (OptionSection) -> Bool) -> [FormField] {
    let schema = DrawingOptions.schema
    let own = [
      schema.key(of: \.$prompt), schema.key(of: \.$negative), schema.key(of: \.$seed),
      schema.key(of: \.$count), schema.key(of: \.$width), schema.key(of: \.$height),
      schema.key(of: \.$steps), schema.key(of: \.$guidance), schema.key(of: \.$model),
      schema.key(of: \.$loras), schema.key(of: \.$refiner),
    ]
    return schema.options.filter {
      isChosen($0.section) && !own.contains($0.key) && PictureOrder.keys.contains($0.key)
    }.map { FormField($0) }
  }
}
