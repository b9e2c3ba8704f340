/// The list of datasets.
package struct SubjectsPage: StudioPage {
  package static let template = "subjects"

  package struct Row: Sendable {
    let name: String
    /// The name as a part of an address.
    let address: String
    /// `12 images`, or why the dataset cannot be read.
    let content: String
    let isBroken: Bool

    package init(name: String, address: String, content: String, isBroken: Bool) {
      self.name = name
      self.address = address
      self.content = content
      self.isBroken = isBroken
    }
  }

  package let head = PageHead("Datasets", section: .datasets, scripts: ["subjects.js"])
  let subjects: [Row]
  let isEmpty: Bool
  let folder: String

  package init(subjects: [Row], folder: String) {
    self.subjects = subjects
    isEmpty = subjects.isEmpty
    self.folder = folder
  }
}

/// A dataset with its images, to look at and to edit.
package struct SubjectPage: StudioPage {
  package static let template = "subject"

  package struct Image: Sendable {
    let name: String
    let tile: String
    /// Of the upright image, in pixels.
    let width: String
    let height: String
    let facts: String
    let caption: String
    let hasSeveralCaptions: Bool
    let isExcluded: Bool
    let isValidation: Bool
    let isEditable: Bool
    let hasFocus: Bool
    /// The focus point as two shares with a space between; empty: none.
    let point: String
    let hasMask: Bool
    let problems: [String]

    package init(
      name: String, tile: String, width: Int, height: Int, facts: String, caption: String,
      hasSeveralCaptions: Bool, isExcluded: Bool, isValidation: Bool, isEditable: Bool,
      point: String, hasMask: Bool, problems: [String]
    ) {
      self.name = name
      self.tile = tile
      self.width = "\(width)"
      self.height = "\(height)"
      self.facts = facts
      self.caption = caption
      self.hasSeveralCaptions = hasSeveralCaptions
      self.isExcluded = isExcluded
      self.isValidation = isValidation
      self.isEditable = isEditable
      hasFocus = !point.isEmpty
      self.point = point
      self.hasMask = hasMask
      self.problems = problems
    }
  }

  package let head: PageHead
  let name: String
  /// The name as a part of an address.
  let address: String
  let summary: [Fact]
  let problems: [String]
  /// Why nothing can be trained on; nil: it can.
  let obstacle: String?
  let images: [Image]
  let isEmpty: Bool
  let trigger: String
  let classWord: String
  let standardCaption: String

  package init(
    name: String, address: String, summary: [Fact], problems: [String], obstacle: String?,
    images: [Image],
    trigger: String, classWord: String, standardCaption: String
  ) {
    head = PageHead("Dataset \(name)", section: .datasets, scripts: ["subject.js"])
    self.name = name
    self.address = address
    self.summary = summary
    self.problems = problems
    self.obstacle = obstacle
    self.images = images
    isEmpty = images.isEmpty
    self.trigger = trigger
    self.classWord = classWord
    self.standardCaption = standardCaption
  }
}

/// The form of a new run.
package struct TrainPage: StudioPage {
  package static let template = "train"

  package struct Recipe: Sendable {
    let name: String
    let help: String
    /// The values as `key=value` with tabs between them.
    let values: String

    package init(name: String, help: String, values: [(key: String, value: String)]) {
      self.name = name
      self.help = help
      self.values = values.map { "\($0.key)=\($0.value)" }.joined(separator: "\t")
    }
  }

  package let head: PageHead
  let name: String
  /// The name as a part of an address.
  let address: String
  let recipes: [Recipe]
  let models: [FormField.Choice]
  let fields: [FormField]
  let sections: [FormSection]

  package init(
    name: String, address: String, recipes: [Recipe], models: [FormField.Choice],
    fields: [FormField],
    sections: [FormSection]
  ) {
    head = PageHead("Train \(name)", section: .datasets, scripts: ["train.js"])
    self.name = name
    self.address = address
    self.recipes = recipes
    self.models = models
    self.fields = fields
    self.sections = sections
  }
}
