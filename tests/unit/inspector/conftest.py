"""An Inspector to ask."""

import pytest

from innerview.session.inspector import Inspector


@pytest.fixture
def explored(trained, digits):
    """An Inspector of the trained network on the test digits."""
    with Inspector(trained, digits.test, classes=digits.classes) as inspector:
        yield inspector
