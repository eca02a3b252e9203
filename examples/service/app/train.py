"""Trains a model on made-up numbers."""

import lightgbm
from sklearn.datasets import make_regression
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import train_test_split

x, y = make_regression(n_samples=2000, n_features=8, noise=0.5, random_state=1)
train_x, test_x, train_y, test_y = train_test_split(x, y, random_state=1)
model = lightgbm.LGBMRegressor(n_estimators=100, verbose=-1).fit(train_x, train_y)
print(f"mean absolute error: {mean_absolute_error(test_y, model.predict(test_x)):.1f}")
