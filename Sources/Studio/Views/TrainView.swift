import Options
import Pages
import StableDiffusion
import Training
import Workspace

extension Studio {
  /// Throws `StudioError.noSubject`, `ConfigError`.
  func trainPage(_ name: String) throws -> TrainPage {
    let config = try subjects.config(name)
    let set = Dictionary(
      config.differences(from: TrainingConfig.schema.defaults).map { ($0.key, "\($0.new)") },
      uniquingKeysWith: { $1 })
    let schema = TrainingConfig.schema
    let first = [
      schema.key(of: \.$steps), schema.key(of: \.$rank),
      schema.key(of: \.optimization.$learningRate),
      schema.key(of: \.$resolution), schema.key(of: \.$samplePrompts),
      schema.key(of: \.$sampleEvery), schema.key(of: \.$checkpointEvery),
      schema.key(of: \.$priorImages),
    ]
    let model = schema.key(of: \.$model)
    func field(_ option: OptionEntry) -> FormField { FormField(option, set: set[option.key]) }
    let installed = BaseModels(project) { _ in }.all.filter { $0.kind == .base }.map(\.name)
    let standard = set[model] ?? BaseModels.standard.first(where: installed.contains) ?? "none"
    return TrainPage(
      name: name, address: name.inPath,
      recipes: try subjects.recipes().map {
        TrainPage.Recipe(name: $0.name, help: $0.help, values: $0.values)
      },
      models: [FormField.Choice("", title: standard)]
        + installed.filter { $0 != standard }.map { FormField.Choice($0) },
      fields: first.compactMap { key in schema.options.first { $0.key == key }.map(field) },
      sections: schema.sections.compactMap { section in
        let options = schema.options.filter {
          $0.section == section && !first.contains($0.key) && $0.key != model
            && TrainingOrder.isAllowed($0)
        }
        return options.isEmpty
          ? nil : FormSection(title: section.title, fields: options.map(field))
      })
  }
}
