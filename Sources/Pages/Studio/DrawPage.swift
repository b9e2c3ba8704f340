/// The page to draw, with the queue and the gallery.
package struct DrawPage: StudioPage {
  package static let template = "draw"

  /// The checkpoints of a run to choose from.
  package struct CheckpointGroup: Sendable {
    package let title: String
    package let checkpoints: [FormField.Choice]

    package init(title: String, checkpoints: [FormField.Choice]) {
      self.title = title
      self.checkpoints = checkpoints
    }
  }

  package let head = PageHead("Draw", section: .draw, scripts: ["draw.js"])
  let checkpoints: [CheckpointGroup]
  let models: [FormField.Choice]
  let refiners: [FormField.Choice]
  let hasRefiners: Bool
  let adapters: [String]
  let hasAdapters: Bool
  let adapterFolder: String
  let sizes: [FormField.Choice]
  let steps: FormField
  let guidance: FormField
  /// The further fields of the model, the adapters and the refiner.
  let modelFields: [FormField]
  let sections: [FormSection]
  let pictures: [PictureCard]
  let isEmpty: Bool
  /// The link to older pictures; nil if there are none.
  let older: String?
  /// Whether only marked pictures are shown.
  let isStarred: Bool

  package init(
    checkpoints: [CheckpointGroup], models: [FormField.Choice], refiners: [FormField.Choice],
    adapters: [String], adapterFolder: String, sizes: [FormField.Choice], steps: FormField,
    guidance: FormField,
    modelFields: [FormField], sections: [FormSection], pictures: [PictureCard], older: String?,
    isStarred: Bool
  ) {
    self.checkpoints = checkpoints
    self.models = models
    self.refiners = refiners
    hasRefiners = !refiners.isEmpty
    self.adapters = adapters
    hasAdapters = !adapters.isEmpty
    self.adapterFolder = adapterFolder
    self.sizes = sizes
    self.steps = steps
    self.guidance = guidance
    self.modelFields = modelFields
    self.sections = sections
    self.pictures = pictures
    isEmpty = pictures.isEmpty
    self.older = older
    self.isStarred = isStarred
  }
}

/// A picture of the gallery in a list.
package struct PictureCard: Sendable {
  let id: String
  let prompt: String
  /// What it was drawn with, such as `dog@500 · seed 7`.
  let details: String
  let width: String
  let height: String
  let isStarred: Bool
  /// The other picture of a comparison; nil if there is none.
  let pair: String?

  package init(
    id: Int64, prompt: String, details: String, width: Int, height: Int, isStarred: Bool,
    pair: Int64?
  ) {
    self.id = "\(id)"
    self.prompt = prompt
    self.details = details
    self.width = "\(width)"
    self.height = "\(height)"
    self.isStarred = isStarred
    self.pair = pair.map { "\($0)" }
  }
}
