/// A name and a value in a table.
package struct Fact: Sendable {
  package let name: String
  package let value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// A picture of the gallery in full size with everything that it was drawn with.
package struct PicturePage: StudioPage {
  package static let template = "picture"

  package let head: PageHead
  let card: PictureCard
  let facts: [Fact]
  let previous: String?
  let next: String?

  /// - Parameters:
  ///   - previous: the number of the picture before it; nil if there is none.
  ///   - next: the number of the picture after it.
  package init(card: PictureCard, facts: [Fact], previous: Int64?, next: Int64?) {
    head = PageHead("Picture \(card.id)", section: .draw, scripts: ["picture.js"])
    self.card = card
    self.facts = facts
    self.previous = previous.map { "\($0)" }
    self.next = next.map { "\($0)" }
  }
}

/// Two pictures on top of each other, with a slider between them.
package struct PairPage: StudioPage {
  package static let template = "pair"

  package let head: PageHead
  let left: PictureCard
  let right: PictureCard
  /// What differs between the two.
  let differences: [Difference]

  package struct Difference: Sendable {
    let name: String
    let left: String
    let right: String

    package init(_ name: String, left: String, right: String) {
      self.name = name
      self.left = left
      self.right = right
    }
  }

  package init(left: PictureCard, right: PictureCard, differences: [Difference]) {
    head = PageHead("Compare two pictures", section: .draw, scripts: ["pair.js"])
    self.left = left
    self.right = right
    self.differences = differences
  }
}
