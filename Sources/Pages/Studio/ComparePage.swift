/// The form of a comparison, and the comparisons so far.
package struct ComparePage: StudioPage {
  package static let template = "compare"

  /// A run with its checkpoints.
  package struct Run: Sendable {
    let id: String
    let title: String
    let checkpoints: [FormField.Choice]

    package init(id: Int64, title: String, checkpoints: [FormField.Choice]) {
      self.id = "\(id)"
      self.title = title
      self.checkpoints = checkpoints
    }
  }

  /// A comparison in the list.
  package struct Entry: Sendable {
    let id: String
    let title: String
    let date: String

    package init(id: Int64, title: String, date: String) {
      self.id = "\(id)"
      self.title = title
      self.date = date
    }
  }

  package let head = PageHead("Compare", section: .compare, scripts: ["compare.js"])
  let runs: [Run]
  let isEmpty: Bool
  let sections: [FormSection]
  let entries: [Entry]
  let hasEntries: Bool

  package init(runs: [Run], sections: [FormSection], entries: [Entry]) {
    self.runs = runs
    isEmpty = runs.isEmpty
    self.sections = sections
    self.entries = entries
    hasEntries = !entries.isEmpty
  }
}
